# The overview.

overview-nothing-watched = Nothing is watched yet
overview-nothing-watched-detail = Three steps, and Watchbell rings when it matters.
overview-all-up = All is well
overview-waiting = Waiting for the first checks
overview-down = { $n ->
    [one] One monitor is down
   *[other] { $n } monitors are down
}
overview-unknown = { $n ->
    [one] One monitor could not be checked
   *[other] { $n } monitors could not be checked
}
overview-slow = { $n ->
    [one] One monitor is slow
   *[other] { $n } monitors are slow
}
overview-expiring = { $n ->
    [one] All is up, and one certificate expires soon
   *[other] All is up, and { $n } certificates expire soon
}
overview-lost = These channels did not deliver something in the last 24 hours, and have delivered nothing since:
overview-lost-failed = { $n ->
    [one] one message was refused for good
   *[other] { $n } messages were refused for good
}
overview-lost-expired = { $n ->
    [one] one message was given up after many attempts
   *[other] { $n } messages were given up after many attempts
}
overview-detail = { $up } of { $total } monitors are up.
overview-acknowledged = acknowledged by { $by }
overview-incident = Incident { $id }
overview-more = { $n ->
    [one] One more
   *[other] { $n } more
}

steps-title = First steps
steps-done = Done
steps-mail = Set up mail
steps-mail-detail = The server that carries your alerts. A test shows each step and says what to do. Not needed if you only use webhooks.
steps-mail-do = Set up mail
steps-channel = Add a channel
steps-channel-detail = Who hears of it: mail addresses or a webhook.
steps-channel-do = Add channel
steps-monitor = Add a monitor
steps-monitor-detail = What is watched: a web address, a port or a host.
steps-monitor-do = Add monitor

second-channel-title = One way of being called is one too few
second-channel-mail = All channels are mail. When the mail server is down, refuses the login or your mails land in spam, nobody hears of an outage. Add a channel of another kind.
second-channel-webhook = All channels are webhooks. When the receiver is down, nobody hears of an outage. Add a channel of another kind.
second-channel-service = All channels are of one service. When it has an outage of its own, nobody hears of yours. Add a channel of another kind.
second-channel-add = Add a second channel
second-channel-enough = One kind is enough for me
flash-one-kind-is-enough = Understood: this will not be asked again.

filter-search = Search by name
filter-tag = Tag
filter-any-tag = Any tag
filter-status = Status
filter-all = All
filter-apply = Search
filter-clear = Show all monitors
filter-nothing = No monitor matches
filter-nothing-detail = Change the search or the filter, or show all monitors.

column-status = Status
column-monitor = Monitor
column-checks = Last checks
column-day = 24 h
column-month = 30 d
column-latency = Latency
strip-label = { $up } of the last { $total } checks were up
sparkline-label = Latency of the last checks
