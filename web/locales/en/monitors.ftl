# Monitors: list, form, one monitor's page, a check, deleting.

monitors-add = Add monitor
monitors-none = Nothing is watched yet
monitors-none-detail = Add a web address, a port or a host. The first check runs at once.

monitor-new-title = Add a monitor
monitor-edit-title = Edit monitor
monitor-kind = Kind of check
monitor-kind-http = Web address
monitor-kind-tcp = TCP port
monitor-kind-ping = Ping
monitor-name = Name
monitor-name-example = Shop
monitor-url = Address
monitor-url-example = https://example.org/health
monitor-host = Host
monitor-port = Port
monitor-when = When it is checked
monitor-rhythm = Rhythm
monitor-rhythm-every = At an interval
monitor-rhythm-every-hint = Day and night, evenly spread.
monitor-rhythm-cron = By the clock
monitor-rhythm-cron-hint = A cron expression in a time zone, for things that only run at certain hours.
monitor-interval = Interval
monitor-interval-hint = A number and a unit, from 1s to 1d: 30s, 5m, 1h.
monitor-cron-field = Cron expression
monitor-zone = Time zone
monitor-hears = Who hears of it
monitor-no-channels = There is no channel yet, so nobody would hear of an outage.
monitor-sure = How sure we must be
monitor-confirm = Failures until it is down
monitor-confirm-hint = In a row. 2 keeps single hiccups quiet.
monitor-recheck = Re-check after
monitor-recheck-hint = The wait before a first failure is checked again.
monitor-recover = Successes until it is up
monitor-recover-hint = In a row, after an outage.
monitor-timeout = Timeout
monitor-timeout-hint = For the whole check. Empty: 10s, or the interval if that is shorter.
monitor-request = Request
monitor-request-more = Method, status codes, headers, body, redirects, certificate
monitor-method = Method
monitor-accept = Status codes that count as up
monitor-accept-hint = Separated by commas: 200-299, 401
monitor-headers = Headers
monitor-headers-hint = One on each line, Name: value. Values are kept secret and not shown again: a name without a value keeps what is stored, a line that you remove is removed.
monitor-body = Body
monitor-redirects = Redirects to follow
monitor-redirects-hint = 0 takes a redirect as the answer.
monitor-verify = Check the certificate
monitor-verify-hint = Without this, an invalid certificate is shown but does not count as down.
monitor-order = Order
monitor-tags = Tags
monitor-tags-hint = Separated by commas; for searching and filtering.
monitor-create = Start watching
form-save = Save
form-cancel = Cancel
form-refused = Nothing was saved yet. Correct the marked fields.

monitor-check = Check now
monitor-checking = Checking…
monitor-pause = Pause
monitor-resume = Resume
monitor-edit = Edit
monitor-delete = Delete
monitor-locked = The header values of this monitor were sealed with another key, so it cannot be checked. Edit it and enter them again, or start Watchbell with the key that belongs to this database.
monitor-now = Status now
monitor-since = since
monitor-unconfirmed = { $n ->
    [one] One failure so far, not confirmed yet:
   *[other] { $n } failures so far, not confirmed yet:
}
monitor-last-check = Last check
monitor-never-checked = Not checked yet.
monitor-latency = Latency
monitor-range = Range
monitor-uptime = Uptime
monitor-coverage = Coverage
monitor-counts = { $up } checks were up, { $down } down, { $unknown } could not be made. Coverage is the part of the time that was watched; percentages are of latency.
monitor-results = Last checks
monitor-nobody = Nobody. When this goes down, no message is sent.
monitor-choose = Choose channels
monitor-decision = { $failures ->
    [one] Down after one failed check
   *[other] Down after { $failures } failed checks in a row
}, { $successes ->
    [one] up again after one good check.
   *[other] up again after { $successes } good ones.
}
monitor-every = Checked every { $span }.
monitor-cron = Checked by the clock: { $cron } ({ $zone }).
monitor-no-incidents = No incident yet.
channel-off = Off
channel-failing = Failing
channel-works = Works
channel-untried = Not used yet
column-when = When
column-why = Why

chart-label = Latency over time: mean of each phase stacked, and the slowest five percent as a line
chart-empty = No checks in this span yet.
chart-slow = 95 %
chart-failed = Failed checks
phase-dns = Name lookup
phase-connect = Connect
phase-tls = TLS
phase-wait = Waiting
phase-transfer = Transfer

check-title = Result of the check
check-again = Check again
check-back = Back to { $name }
check-phases = Where the time went
check-seen = What the check saw
check-step = Failed at
check-remote = Address
check-status = Answer
check-body = Body
check-bytes = { $n ->
    [one] One byte
   *[other] { $n } bytes
}
check-hops = Way
check-total = Total
certificate-title = Certificate
certificate-until = Valid until
certificate-left = { $span } left
certificate-expired = expired
certificate-from = Valid from
certificate-subject = Subject
certificate-issuer = Issuer
certificate-names = Names
certificate-chain = Certificates sent

monitor-delete-title = Delete monitor
monitor-delete-question = Delete { $name }?
monitor-delete-what = { $target } is no longer watched. This goes with it and cannot be brought back:
monitor-delete-results = all its results since
monitor-delete-deliveries = messages about it that are not sent yet
monitor-delete-incident = its open incident { $id }: whoever was told of it is told that it is over
monitor-delete-instead = To stop the checks for a while and keep everything, pause it instead.
monitor-delete-do = Delete { $name }
keep-it = Keep it

flash-monitor-created = { $name } is being watched.
flash-monitor-saved = { $name } is saved. The next check uses it.
flash-monitor-paused = { $name } is paused. It is not checked until you resume it.
flash-monitor-resumed = { $name } is checked again.
flash-monitor-deleted = { $name } is deleted.
flash-monitor-not-checked = The check did not count: the monitor was paused, changed or deleted meanwhile.
