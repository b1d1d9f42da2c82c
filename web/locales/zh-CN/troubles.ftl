# Watchbell 自身的问题。

incident-channel = 查看该渠道
incident-own-acknowledge-hint = 确认表示您正在处理，让其他人知晓。问题解决之前，它仍为未解决状态。
incident-own-noted = 发现于
incident-own-over = 结束于
incident-own-no-deliveries = 没有通知任何人。
timeline-own-began = 问题开始
timeline-own-opened = Watchbell 发现了问题
timeline-own-resolved = 问题已解决
acknowledge-own-down = { $monitor } 出现问题
acknowledge-own-taken = 已有人在处理 { $monitor }
acknowledge-own-over = { $monitor } 已恢复正常
