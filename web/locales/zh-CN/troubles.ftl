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
acknowledge-own-over = { $monitor } 已恢复正常

channel-attention = 需要处理
channel-neglected = 渠道 { $channel } 需要处理。
channel-attention-title = 此渠道需要处理
channel-attention-stopped = 不再向该地址发送：接收方表示此地址已永久失效。期间的消息会在这里等待。
channel-attention-restrained = 消息正在等待；每 30 分钟只尝试其中一条。
channel-attention-next = 下次尝试：
channel-attention-do = 请修正问题并保存，或发送一条测试消息：一旦成功，等待的消息会立即发出。
