# 宕机以外的问题：响应缓慢、证书即将过期、无法检查。

monitor-warnings = 提前预警
monitor-slow = 慢于此值判定为性能下降
monitor-slow-hint = 连续多次检查都慢于此值才会通知，次数与判定故障的失败次数相同。数字加单位：800ms、2s。留空表示从不。
monitor-certificate = 证书过期前提醒
monitor-certificate-hint = 提前的天数，用逗号分隔：到达第一个天数时通知，之后每到一个再通知一次。留空表示从不。
monitor-warns-slow = 连续 { $n } 次检查超过 { $limit } 即判定为性能下降。
monitor-warns-certificate = 证书过期前 { $days } 天提醒。
monitor-warns-certificate-never = 不提醒证书过期。

incident-down = 故障
incident-degraded = 响应缓慢
incident-certificate = 证书即将过期
incident-no-data = 无法检查
incident-own = Watchbell 自身
incident-degraded-since = 首次缓慢
incident-degraded-confirmed = 判定时间
incident-degraded-over = 速度恢复
incident-degraded-hint = 确认表示您正在处理，让其他人知晓。响应速度恢复正常之前，事件仍为未恢复状态。
incident-certificate-since = 首次提醒
incident-certificate-over = 恢复正常
incident-certificate-hint = 确认表示您正在处理，让其他人知晓；剩余的天数不再提醒。检查到有效期更长的证书之前，事件仍为未恢复状态。
incident-no-data-since = 状态未知起始
incident-no-data-over = 恢复检查
incident-no-data-hint = 确认表示您正在处理，让其他人知晓。可以重新检查之前，事件仍为未恢复状态。

timeline-degraded-first = 首次响应缓慢
timeline-degraded-opened = 判定为响应缓慢
timeline-degraded-recovering = 速度已恢复；保持稳定后再通知
timeline-degraded-relapsed = 通知恢复之前再次变慢
timeline-degraded-resolved = 响应速度已恢复正常
timeline-certificate-first = 证书即将过期
timeline-certificate-recovering = 证书已恢复正常；保持稳定后再通知
timeline-certificate-relapsed = 通知恢复之前证书再次临近过期
timeline-certificate-resolved = 证书已恢复正常
timeline-no-data-first = 首次无法检查
timeline-no-data-opened = 已有 10 分钟无法获知状态
timeline-no-data-recovering = 已可检查；保持稳定后再通知
timeline-no-data-relapsed = 通知恢复之前再次无法检查
timeline-no-data-resolved = 已可重新检查

acknowledge-degraded = { $monitor } 响应缓慢
acknowledge-degraded-over = { $monitor } 的响应速度已恢复正常
acknowledge-certificate = { $monitor } 的证书即将过期
acknowledge-certificate-over = { $monitor } 的证书已恢复正常
acknowledge-no-data = Watchbell 无法检查 { $monitor }
acknowledge-no-data-over = Watchbell 已可重新检查 { $monitor }

error-days-range = 最多填写 10 个天数，每个在 1 到 365 之间。

event-down = 发生故障
event-still-down = 仍未恢复
event-up = 已恢复
event-still-slow = 仍然缓慢
event-sooner = 证书仍未更换
event-in-order = 证书已恢复正常
event-still-no-data = 仍然无法检查
event-checked = 已可检查

incident-about-down = 故障
incident-about-degraded = 响应缓慢
incident-about-certificate = 证书
incident-about-no-data = 无数据
