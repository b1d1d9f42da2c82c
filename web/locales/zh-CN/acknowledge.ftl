# 通过消息中的链接确认事件。

acknowledge-title = 确认事件
acknowledge-down = { $monitor } 已宕机
acknowledge-taken = 已有人在处理 { $monitor }
acknowledge-over = { $monitor } 已恢复
acknowledge-gone = { $monitor } 已不再被监控
acknowledge-reason = 原因
acknowledge-now = 当前状态
acknowledge-as = 将记录为 { $by }。持有此链接的人可以确认此事件、推迟其通知或静默其监控项，除此之外不能做任何操作。
acknowledge-done = 该事件已确认。结束之前，它仍为未恢复状态。
acknowledge-nothing = 该事件已结束，无需确认。
acknowledge-gone-hint = 该监控项已被删除，事件随之结束，无需确认。
acknowledge-snooze = 推迟通知此事件
acknowledge-silence = 静默此监控项
acknowledge-quiet = 暂不通知，直到
acknowledge-not-now = 暂不处理，稍后再通知
acknowledge-quiet-hint = 届时若仍未恢复，将继续通知。对监控项的静默可在“告警规则 > 静默”中提前结束。
