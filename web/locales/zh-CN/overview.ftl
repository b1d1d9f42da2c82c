# 概览。

overview-nothing-watched = 还没有监控任何目标
overview-nothing-watched-detail = 只需三步，出问题时 Watchbell 就会通知您。
overview-all-up = 一切正常
overview-waiting = 正在等待首次检查
overview-down = { $n } 个监控项发生故障
overview-unknown = { $n } 个监控项无法检查
overview-slow = { $n } 个监控项响应缓慢
overview-expiring = 全部正常，但有 { $n } 个证书即将过期
overview-lost = 以下渠道在过去 24 小时内有消息未能送达，此后也没有成功发送过：
overview-lost-failed = { $n } 条消息被永久拒绝
overview-lost-expired = { $n } 条消息多次尝试后放弃
overview-detail = 共 { $total } 个监控项，{ $up } 个正常。
overview-acknowledged = 已由 { $by } 确认
overview-incident = 事件 #{ $id }
overview-more = 还有 { $n } 个

steps-title = 开始使用
steps-done = 已完成
steps-mail = 设置邮件
steps-mail-detail = 用于发送告警的邮件服务器。测试会逐步显示过程，并告诉您如何处理问题。如果只用 Webhook，可跳过此步。
steps-mail-do = 设置邮件
steps-channel = 添加通知渠道
steps-channel-detail = 通知谁：邮箱地址或 Webhook。
steps-channel-do = 添加渠道
steps-monitor = 添加监控项
steps-monitor-detail = 监控什么：网址、端口或主机。
steps-monitor-do = 添加监控项

second-channel-title = 只有一种通知方式是不够的
second-channel-mail = 所有通知渠道都是邮件。一旦邮件服务器故障、拒绝登录，或邮件被归入垃圾邮件，就没有人会得知故障。请添加另一种类型的渠道。
second-channel-webhook = 所有通知渠道都是 Webhook。一旦接收端故障，就没有人会得知故障。请添加另一种类型的渠道。
second-channel-service = 所有渠道都属于同一种服务。该服务发生故障时，没有人会收到您的告警。请添加另一种渠道。
second-channel-add = 添加第二个渠道
second-channel-enough = 一种就够了
flash-one-kind-is-enough = 好的，以后不再提示。

filter-search = 按名称搜索
filter-tag = 标签
filter-any-tag = 全部标签
filter-status = 状态
filter-all = 全部
filter-apply = 搜索
filter-clear = 显示全部监控项
filter-nothing = 没有符合条件的监控项
filter-nothing-detail = 请调整搜索词或筛选条件，或显示全部监控项。

column-status = 状态
column-monitor = 监控项
column-checks = 最近检查
column-day = 24 小时
column-month = 30 天
column-latency = 延迟
strip-label = 最近 { $total } 次检查中有 { $up } 次正常
sparkline-label = 最近检查的延迟
