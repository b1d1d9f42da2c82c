# 区域、参照目标，以及自身离线。

settings-zones = 网络

notice-offline = Watchbell 自身已离线（区域 { $zone }）。
notice-offline-since = 参照目标均无应答，始于
notice-offline-means = 在恢复应答之前，该区域中检查失败的监控项一律记为“未知”：不会产生新事件，已有事件保持打开。
notice-offline-more = 区域与参照目标

state-stale = 最近一次结果太久远，已无法说明现状。

zones-question = 是目标的问题，还是我们自己的问题？
zones-about = 自己的网络中断时，所有目标看上去都会宕机。因此每个监控项都属于一个区域，每个区域都有参照目标，即只要网络正常就会接受连接的服务器。事件产生之前会先询问它们；如果全部没有应答，这次失败就记为“未知”，不会惊动任何人。
zones-when = 对每个参照目标只建立一次 TCP 连接并立即关闭，不发送任何数据。询问的时机是：该区域的监控项失败时、区域离线期间每 10 秒、每小时一次，以及保存本页时。对 wan 和 lan 还会一并询问默认网关。只要有一个应答即可。

zone-wan = 互联网（wan）
zone-lan = 本地网络（lan）
zone-state-on = 自检正常
zone-state-off = 无自检
zone-state-offline = 已离线
zone-state-blind = 尚无参照目标应答
zone-blind = 从未应答过的参照目标，其沉默不能说明任何问题：在有参照目标应答之前，该区域的告警不经自检直接发出。
zone-off = 没有参照目标就没有自检：该区域的告警会直接发出。请填写始终运行的设备，例如交换机、NAS 或打印机。
zone-references = 参照目标
zone-references-hint = 每行一个，需带端口，例如 1.1.1.1:443。最好是位于不同网络的三个目标。
zone-remove = 删除区域 { $name }
zone-remove-hint = 其参照目标会一并删除。仅当没有监控项使用该区域时才能删除。
zone-new = 新增区域
zone-new-about = 用于经由单独线路访问的目标，例如连接另一站点的隧道。
zone-name = 名称
reference-answered = 最近应答：
reference-never = 从未应答

gaps-title = 离线记录
gaps-none = 目前没有。因我们自身原因而未知的时段会列在这里，并且不计入可用率。
gap-zone = 区域
gap-since = 开始
gap-until = 结束
gap-lasted = 持续
gap-lasts = 仍在持续
flash-zones-saved = 已保存，正在询问参照目标。

monitor-network-group = 网络
monitor-network = 区域
monitor-network-hint = 访问该目标所经由的网络。该网络在本机不可用期间，此监控项的失败记为“未知”。
monitor-network-usual = 按地址判断：私有地址为本地网络，其余为互联网
monitor-zone-is = 区域：{ $zone }
