# 监控项出现故障时会怎样、故障接下来会怎样，以及暂缓通知的原因。

outlook-title = 如果现在出现故障
outlook-paused = 监控已暂停：不会检查，也不会通知任何人。
outlook-own = 通过它自己的渠道通知
outlook-by-name = 按其指定的策略通知：
outlook-by-tag = 按标签 { $tag } 的策略通知：
outlook-by-default = 按默认策略通知：
outlook-deaf = 没有人。应通知的渠道均已停用，或不接收故障通知。
outlook-deaf-do = 查看通知渠道
outlook-step-deaf = 没有人：此步骤的渠道均已停用。
outlook-not-of-outages = 不接收故障
outlook-off = 已停用，不会通知：
held-silence = 暂不通知任何人：正在静默。
held-maintenance = 暂不通知任何人：正处于维护窗口。
held-parent = 暂不通知任何人：所依赖的监控项出现故障。
held-until = 直到

monitor-policy = 策略
monitor-policy-hint = 除上面的渠道外，在无人确认故障时逐步通知。按规则时，有自己渠道的监控项没有策略。
monitor-by-rule = 按规则：按标签或默认
monitor-by-rule-tag = 按规则：{ $policy }（标签 { $tag }）
monitor-by-rule-default = 按规则：{ $policy }（默认）
monitor-by-rule-own = 按规则：无，它有自己的渠道
monitor-by-rule-nobody = 按规则：无
monitor-no-policies = 策略可以在无人确认故障时稍后通知更多人，并再次提醒。
monitor-depends = 依赖关系
monitor-parents = 依赖的监控项
monitor-parents-hint = 名称或编号（#12），每行一个。其中之一出现故障时，不会另行通知此监控项的故障；前者的通知会提到它。
monitor-relatives = 依赖关系
monitor-parents-are = 依赖于
monitor-parents-mean = 其中之一出现故障时，不会另行通知此监控项的故障。
monitor-children-are = 被依赖于
monitor-children-mean = 此监控项出现故障时，不会另行通知这些监控项的故障。

standing-title = 接下来
standing-recovering = 已恢复。若持续正常，将在此时通知恢复：
standing-flapping = 变化过于频繁，不再逐次通知。若保持稳定，将在此时继续：
standing-acknowledged = 已确认：不再执行后续步骤，也不再提醒。恢复时仍会通知。
standing-snoozed = 已推迟：在此之前不通知任何人：
standing-snoozed-by = 操作人：{ $by }
standing-held = 暂缓通知
standing-step = 下一步时间：
standing-step-deaf = 不会通知任何人：其渠道均已停用，或不接收故障通知。
standing-reminder = 下次提醒时间：
standing-reminder-number = 第 { $n } 次，提醒已通知的人
standing-done = 恢复之前不再有后续动作
standing-nobody = 不会通知任何人：该监控项既没有自己的渠道，也没有策略
standing-taken-down = 有 { $n } 个依赖它的监控项随之故障，不会另行通知：
standing-reminders = 提醒次数
snooze-title = 推迟
snooze-hint = 在此之前不再通知任何人，之后继续并提醒一次。恢复时仍会通知。
snooze-until-today = 到今天 { $time }（{ $zone }）
snooze-until-tomorrow = 到明天 { $time }（{ $zone }）
snooze-end = 结束推迟
flash-incident-snoozed = 已推迟。在此之前不再通知任何人。
flash-incident-not-snoozed = 该故障在此期间已确认或已恢复，本来就不会再通知。
flash-incident-woken = 已结束推迟，并提醒已通知的人。

nobody-no-channel = 没有通知任何人：该监控项既没有启用的通知渠道，也没有策略。
nobody-heard = 没有通知任何人：渠道已停用、不接收此类通知，或收件人已退订。
nobody-held = 尚未通知任何人：通知暂缓。
nobody-was-held = 没有通知任何人：暂缓期间故障已恢复。
nobody-yet = 尚未通知任何人：还没有到执行步骤的时间。
nobody-in-time = 没有通知任何人：步骤执行之前故障已恢复。

overview-unheard = 有 { $n } 个监控项出现故障时不会通知任何人：既没有可用的通知渠道，也没有策略。
overview-unheard-do = 设置默认策略
