# 通过消息中的链接确认故障。

acknowledge-title = 确认故障
acknowledge-down = { $monitor } 已宕机
acknowledge-taken = 已有人在处理 { $monitor }
acknowledge-over = { $monitor } 已恢复
acknowledge-gone = { $monitor } 已不再被监控
acknowledge-reason = 原因
acknowledge-now = 当前状态
acknowledge-as = 将记录为 { $by }。持有此链接的人可以确认这次故障，除此之外不能做任何操作。
acknowledge-done = 该故障已确认。目标恢复之前，故障仍为未恢复状态。
acknowledge-nothing = 该故障已结束，无需确认。
acknowledge-gone-hint = 该监控项已被删除，故障随之结束，无需确认。
