# Incidents.

incidents-none = No incident yet
incidents-none-detail = When a monitor goes down, is slow, or its certificate is about to expire, that is told here, from the first check to the last message.
incidents-no-match = No incident matches
incidents-no-match-detail = Choose another filter, or look at all of them.
incidents-all = Show all incidents
incident-open = Open
incident-resolved = Resolved
incident-acknowledge = Acknowledge
incident-acknowledge-hint = Acknowledging tells the others that you take care of it. The incident stays open until the target is up again.
incident-monitor = Go to the monitor
incident-timeline = What happened
incident-facts = Facts
incident-since = First failure
incident-confirmed = Confirmed
incident-resolved-at = Up again
incident-acknowledged = Acknowledged by
incident-all-deliveries = All deliveries
column-what = What
column-began = Began
column-duration = Duration

timeline-first-failure = First failing check
timeline-opened = Confirmed as down
timeline-acknowledged = Acknowledged by { $by }
timeline-resolved = Up again
timeline-held = Nobody is told for now
timeline-held-silence = Nobody is told for now: silence { $id }
timeline-held-maintenance = Nobody is told for now: maintenance window { $id }
timeline-held-parent = Nobody is told for now: { $name }, on which this one depends, is down
timeline-released = What held the alerts back is over
timeline-on-call = { $name } is on call
timeline-nobody-on-call = Nobody is on call
timeline-snoozed = Snoozed for { $span } by { $by }
timeline-snoozed-plain = Snoozed by { $by }
timeline-woken = Snooze ended by { $by }
timeline-recovering = Up; it is told when it stays so
timeline-relapsed = Down again before the recovery was told
timeline-flapping = It changes so often that changes are not told any more
timeline-worsened = It is more urgent now
timeline-sent = { $channel }: “{ $event }” was accepted
timeline-not-sent = { $channel }: “{ $event }” could not be sent
timeline-cancelled = { $channel }: “{ $event }” was cancelled

flash-incident-acknowledged = Acknowledged. It stays open until it is over.
flash-incident-resolved = This incident was resolved meanwhile; there is nothing left to acknowledge.
