# Zones, references, and being offline oneself.

settings-zones = Network

notice-offline = Watchbell itself is offline (zone { $zone }).
notice-offline-since = No reference has answered since
notice-offline-means = Until one does, monitors of this zone that fail are unknown: no incident opens, and those that are open stay open.
notice-offline-more = Zones and references

state-stale = The last result is too old to say anything.

zones-question = Is it the target, or is it us?
zones-about = When our own network is down, every target looks down. So each monitor belongs to a zone, and each zone has references: servers that accept a connection whenever the network works. Before an incident opens, they are asked; when none of them answers, the failure counts as unknown and nobody is called.
zones-when = Each reference gets a TCP connection that is closed at once; nothing is sent over it. That happens when monitors of the zone fail, every 10 seconds while the zone is offline, once an hour, and when you save this page. For wan and lan the default gateway is asked with them. One answer is enough.

zone-wan = Internet (wan)
zone-lan = Local network (lan)
zone-state-on = Self-check works
zone-state-off = No self-check
zone-state-offline = Offline
zone-state-blind = No reference has answered yet
zone-blind = References that never answered prove nothing by their silence: until one answers, alerts of this zone go out without a self-check.
zone-off = Without references there is no self-check: alerts of this zone go out as they come. Name servers that always run, such as a switch, a NAS or a printer.
zone-references = References
zone-references-hint = One on each line, with its port, for example 1.1.1.1:443. At best three in different networks.
zone-remove = Remove the zone { $name }
zone-remove-hint = Its references go with it. This is possible while no monitor is in it.
zone-new = Another zone
zone-new-about = For targets that are reached by a way of their own, such as a tunnel to another site.
zone-name = Name
reference-answered = answered
reference-never = never answered

gaps-title = Times offline
gaps-none = None so far. What was unknown because of us is listed here, and left out of uptime.
gap-zone = Zone
gap-since = From
gap-until = Until
gap-lasted = Lasted
gap-lasts = Lasts
flash-zones-saved = Saved. The references are being asked now.

monitor-network-group = Network
monitor-network = Zone
monitor-network-hint = The network that it is reached by. While that one does not work here, failures of this monitor are unknown.
monitor-network-usual = By its address: local network for private ones, else internet
monitor-zone-is = Zone: { $zone }
