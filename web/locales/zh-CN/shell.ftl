# 页面框架、导航、状态标记、时间与错误：各页面共用的文字。

skip-to-content = 跳到正文
nav-label = 主导航
nav-overview = 概览
nav-monitors = 监控项
nav-incidents = 事件
nav-channels = 通知渠道
nav-alerting = 告警规则
nav-deliveries = 发送记录
nav-settings = 设置
account-title = 账户与安全
sign-out = 退出登录

notice-locked = 数据库中的机密信息是用另一把密钥加密的，密码和令牌都无法读取。请用与此数据库匹配的密钥启动 Watchbell，或重新填写这些机密信息。
notice-plain-http = 此页面以明文传输。在可信网络之外使用之前，请为 Watchbell 配置 HTTPS，并将 WATCHBELL_PUBLIC_URL 设为对应的 https 地址。

status-up = 正常
status-degraded = 性能下降
status-down = 故障
status-unknown = 未知
status-paused = 已暂停
status-maintenance = 维护中
status-pending = 等待检查

delivery-state-pending = 待发送
delivery-state-sending = 发送中
delivery-state-sent = 已发送
delivery-state-failed = 失败
delivery-state-expired = 已过期
delivery-state-cancelled = 已取消

event-opened = 发生
event-reminder = 再次提醒
event-flapping = 频繁波动
event-acknowledged = 已确认
event-resolved = 已恢复
event-test = 测试

just-now = 刚刚
ago = { $span }前
span-seconds = { $n } 秒
span-minutes = { $n } 分钟
span-hours = { $n } 小时
span-days = { $n } 天

pager-first = 首页
pager-next = 下一页

problem-home = 返回概览
problem-request-id = 请求编号
problem-forbidden-title = 无权操作
problem-forbidden = 您无权执行此操作。
problem-cross-origin = 此表单来自其他网站，因此未做任何更改。如果您确实是在本控制台中提交的，请检查反向代理是否传递了 Host 头，以及 WATCHBELL_PUBLIC_URL 是否与浏览器中的地址一致。
problem-form-expired = 此表单已失效，未做任何更改。请返回并刷新页面，然后重新操作。
problem-setup-token = 访问初始设置页面需要令牌。Watchbell 启动时会将其输出到日志，数据目录下的 setup-token 文件中也有一份。
problem-not-found-title = 页面不存在
problem-not-found = 此页面不存在，或其内容已被删除。
problem-method-title = 请求方式不对
problem-method = 此地址不接受这种请求方式。
problem-too-large-title = 内容过大
problem-too-large = 提交的内容超出此表单的上限，请缩短后重试。
problem-busy-title = 操作过于频繁
problem-busy = 尝试次数过多，请稍等一分钟再试。
problem-unavailable-title = 系统繁忙
problem-unavailable = 数据库暂时没有响应，未做任何更改，请稍后重试。
problem-internal-title = 程序出错了
problem-internal = Watchbell 内部出错。除非页面另有说明，否则未做任何更改。您可以用下方的请求编号在日志中查找原因。
problem-request-title = 无法识别的请求
problem-request = 无法读取此请求，请返回后重试。

flash-welcome = 欢迎使用，您的账户已创建。
flash-signed-out = 您已退出登录。
