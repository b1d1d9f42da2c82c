# What may be wrong beside an outage: a slow answer, a certificate that expires, a check that cannot be made.

monitor-warnings = Early warnings
monitor-slow = Degraded when slower than
monitor-slow-hint = After as many slow checks in a row as it takes failures to be down. A number and a unit: 800ms, 2s. Empty: never.
monitor-certificate = Tell before the certificate expires
monitor-certificate-hint = Days before, separated by commas: told at the first, and again at each of the others. Empty: never.
monitor-warns-slow = { $n ->
    [one] Degraded after one check that took longer than { $limit }.
   *[other] Degraded after { $n } checks in a row that took longer than { $limit }.
}
monitor-warns-certificate = Warns { $days } days before its certificate expires.
monitor-warns-certificate-never = Its certificate is not warned of.

incident-down = Down
incident-degraded = Slow
incident-certificate = Certificate expires soon
incident-no-data = Cannot be checked
incident-own = Watchbell itself
incident-degraded-since = First slow check
incident-degraded-confirmed = Confirmed
incident-degraded-over = Fast again
incident-degraded-hint = Acknowledging tells the others that you take care of it. The incident stays open until it is as fast as it should be.
incident-certificate-since = First warning
incident-certificate-over = In order again
incident-certificate-hint = Acknowledging tells the others that you take care of it; the days that are left are not told any more. The incident stays open until a check sees a certificate that is valid for longer.
incident-no-data-since = Unknown since
incident-no-data-over = Known again
incident-no-data-hint = Acknowledging tells the others that you take care of it. The incident stays open until a check can be made again.

timeline-degraded-first = First slow check
timeline-degraded-opened = Confirmed as slow
timeline-degraded-recovering = Fast again; it is told when it stays so
timeline-degraded-relapsed = Slow again before the end was told
timeline-degraded-resolved = As fast as it should be again
timeline-certificate-first = The certificate expires soon
timeline-certificate-recovering = In order again; it is told when it stays so
timeline-certificate-relapsed = It expires soon again, before the end was told
timeline-certificate-resolved = The certificate is in order again
timeline-no-data-first = First check that could not be made
timeline-no-data-opened = Nothing was known for 10 minutes
timeline-no-data-recovering = Checked again; it is told when it stays so
timeline-no-data-relapsed = Out of sight again before the end was told
timeline-no-data-resolved = It can be checked again

acknowledge-degraded = { $monitor } is slow
acknowledge-degraded-over = { $monitor } is as fast as it should be again
acknowledge-certificate = The certificate of { $monitor } expires soon
acknowledge-certificate-over = The certificate of { $monitor } is in order again
acknowledge-no-data = Watchbell cannot check { $monitor }
acknowledge-no-data-over = Watchbell can check { $monitor } again

event-down = Down
event-still-down = Still down
event-up = Up again
event-still-slow = Still slow
event-sooner = Certificate still not renewed
event-in-order = Certificate in order
event-still-no-data = Still cannot be checked
event-checked = Can be checked again

incident-about-down = Outage
incident-about-degraded = Slow
incident-about-certificate = Certificate
incident-about-no-data = No data
