# 事件。

incidents-none = 还没有发生过事件
incidents-none-detail = 监控项发生故障、响应缓慢或证书即将过期时，这里会记录全过程：从首次检查到最后一条通知。
incidents-no-match = 没有符合条件的事件
incidents-no-match-detail = 请更换筛选条件，或查看全部事件。
incidents-all = 显示全部事件
incident-open = 未恢复
incident-resolved = 已恢复
incident-acknowledge = 确认
incident-acknowledge-hint = 确认表示您正在处理，让其他人知晓。目标恢复之前，故障仍为未恢复状态。
incident-monitor = 查看监控项
incident-timeline = 经过
incident-facts = 概要
incident-since = 首次失败
incident-confirmed = 判定故障
incident-resolved-at = 恢复时间
incident-acknowledged = 确认人
incident-all-deliveries = 全部发送记录
column-what = 内容
column-began = 开始时间
column-duration = 持续时间

timeline-first-failure = 首次检查失败
timeline-opened = 判定为故障
timeline-acknowledged = { $by } 已确认
timeline-resolved = 已恢复
timeline-held = 暂不通知任何人
timeline-held-silence = 暂不通知任何人：静默 { $id }
timeline-held-maintenance = 暂不通知任何人：维护窗口 { $id }
timeline-held-parent = 暂不通知任何人：所依赖的监控项 { $name } 出现故障
timeline-released = 暂缓通知的原因已消除
timeline-on-call = 当前值班：{ $name }
timeline-nobody-on-call = 当前无人值班
timeline-snoozed = { $by } 推迟了 { $span }
timeline-snoozed-plain = { $by } 推迟了通知
timeline-woken = { $by } 结束了推迟
timeline-recovering = 已恢复；保持稳定后再通知
timeline-relapsed = 通知恢复之前再次故障
timeline-flapping = 变化过于频繁，不再逐次通知
timeline-worsened = 情况更加紧急
timeline-sent = { $channel }：“{ $event }”通知已被接收
timeline-not-sent = { $channel }：“{ $event }”通知未能发出
timeline-cancelled = { $channel }：“{ $event }”通知已取消

flash-incident-acknowledged = 已确认。结束之前，事件仍为未恢复状态。
flash-incident-resolved = 该事件在此期间已恢复，无需确认。
