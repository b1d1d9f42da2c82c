# 各告警页面共用的文字。

alerting-policies = 告警策略
alerting-on-call = 值班
alerting-silences = 静默
alerting-maintenance = 维护窗口
