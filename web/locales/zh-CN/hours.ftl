# 时间段的错误。英文原文由程序中的 FieldError 提供。

error-hours-day = 没有名为“{ $name }”的星期。请使用 mon、tue、wed、thu、fri、sat 或 sun。
error-hours-days = 请至少选择一天。
error-hours-empty = 请至少填写一个时间段。
error-hours-endless = 这些时间段占满了整周，永远不会结束。请留出一部分时间。
error-hours-many = 时间段过多，最多 { $most } 个。
error-time-of-day = 这不是有效的时刻。请使用 07:00 或 22:30 这样的写法。
error-quiet-action = 请选择“hold”或“digest”。
