# 通知渠道。

channels-add = 添加渠道
channels-none = 还没有通知渠道
channels-none-detail = 添加渠道：邮件地址、聊天、手机、值班人员，或您自己的系统。
channels-mail-missing = 尚未设置邮件，发往邮箱的通知会一直等待。
column-last-sent = 最近发送
column-waiting = 等待中

channel-new-title = 添加渠道
channel-kind = 类型
channel-kind-email = 邮件
channel-kind-webhook = Webhook
channel-name = 名称
channel-name-example = 值班人员
channel-to = 收件人
channel-to-hint = 每行一个地址。每位收件人都会收到单独的邮件。
channel-copies = 抄送
channel-cc = 抄送
channel-bcc = 密送
channel-reader = 语言与时区
channel-language = 消息语言
channel-zone = 消息时区
channel-zone-hint = 时区名称，例如 Asia/Shanghai。
channel-as-installation = 与“设置 > 常规”相同
channel-optouts = 已退订
channel-optouts-hint = 他们通过邮件中的链接退订。此渠道不再向其发送任何邮件。
channel-resubscribe = 重新发送
channel-all-out = 此渠道的所有收件人都已退订：没有人会通过它收到任何通知。
flash-channel-resubscribed = 将重新向 { $name } 发送消息。
channel-url = 地址
channel-url-example = https://example.org/hooks/watchbell
channel-url-hint = 通知将以 JSON 格式提交到此地址。地址会加密保存，不再显示。
channel-url-kept = 已加密保存。留空则保留原地址。
channel-kept = ••••••••
channel-secret = 签名密钥
channel-secret-hint = 符合 Standard Webhooks 的接收方提供的 whsec_…。留空则自动生成。
channel-secret-kept = 留空则保留原密钥。
channel-secret-new = 生成新的签名密钥
channel-secret-new-hint = 旧密钥立即失效，新密钥会在保存后显示。
channel-locked = 此渠道的机密信息是用另一把密钥加密的，因此无法发送。请重新填写，或用与此数据库匹配的密钥启动 Watchbell。
channel-locked-word = 无法解密
channel-test = 发送测试
channel-testing = 正在发送…
channel-test-ok = 测试通知已被接收
channel-test-failed = 测试通知未被接收
channel-enable = 启用
channel-disable = 停用
channel-delete = 删除
channel-health = 状态
channel-goes-to = 发送至
channel-last-failure = 最近失败
channel-deliveries = 通过此渠道的发送记录
channel-users = 使用此渠道的监控项
channel-no-users = 暂无。添加或编辑监控项时可选择此渠道。

retry-never = 告警若被这样拒绝，不会再重试。
retry-briefly = 告警会再重试几次。
retry-backoff = 告警会以逐渐延长的间隔重试，直到被接收或过期。
retry-after = 告警会按对方要求，在 { $span }后重试。
retry-on-settings = 告警会一直等待，直到您改正并保存设置。

channel-secret-title = 签名密钥
channel-secret-once = 这是 { $name } 的签名密钥。请立即复制，之后不再显示。
channel-secret-use = 接收方用它校验 webhook-signature 请求头，方法见 standardwebhooks.com。
channel-secret-done = 我已复制

channel-delete-title = 删除渠道
channel-delete-question = 删除 { $name }？
channel-delete-what = 将不再通过此渠道向 { $summary } 发送任何通知。
channel-delete-no-users = 没有监控项使用此渠道。
channel-delete-users = { $n } 个监控项将不再通过此渠道发送通知：
channel-delete-waiting = { $n ->
    [0] 没有等待发送的通知。
   *[other] { $n } 条尚未发出的通知会被取消。
}
channel-delete-keeps = 已发送的记录会保留。
channel-delete-instead = 如果只想暂停发送一段时间，请改用停用。
channel-delete-do = 删除 { $name }

flash-channel-created = { $name } 已添加。建议发送一次测试进行确认。
flash-channel-saved = { $name } 已保存，下一条通知即生效。
flash-channel-enabled = { $name } 已启用。
flash-channel-disabled = { $name } 已停用，重新启用之前不会发送通知。
flash-channel-deleted = { $name } 已删除。
flash-channel-locked = 请先重新填写此渠道的机密信息。
flash-channel-tests-too-many = 每分钟最多发送五次测试，请稍后再试。
channel-profile = 邮件服务器
channel-profile-in-order = 按顺序
channel-profile-hint = 优先使用的服务器。它失败时由其他服务器接替。
channel-fallback = 接替渠道
channel-fallback-none = 没有其他渠道
channel-fallback-hint = 如果两分钟内此渠道没有任何收件人收到某个事件的通知，则由该渠道通知。
