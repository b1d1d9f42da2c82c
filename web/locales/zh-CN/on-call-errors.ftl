# 值班排班的错误。英文原文由程序中的 FieldError 提供。

error-contact-unreachable = 请至少选择一个通知渠道，否则无法联系到此人。
error-contact-ways = 通知渠道过多，最多 { $most } 个。
error-date = 这不是有效的日期。请使用 2026-11-30 这样的年月日。
error-handover-every = 每轮值班至少一天、最多一年：请填写 1 到 { $most }。
error-handover-unit = 请选择“days”或“weeks”。
error-layer-empty = 请至少选择一个人。
error-layer-people = 人数过多，最多 { $most } 人。
error-override-long = 时间超过一年。请改为修改排班层。
error-override-order = 结束时间必须晚于开始时间。
error-rotation-empty = 请至少添加一个排班层。
error-rotation-layers = 排班层过多，最多 { $most } 层。
error-time-rfc3339 = 这不是有效的时间。请使用 RFC 3339 格式，例如 2026-12-24T12:00:00Z。
error-contact-unknown = 编号为 { $id } 的人员不存在。
