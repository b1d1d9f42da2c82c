# Acknowledging an incident, by the link in a message.

acknowledge-title = Acknowledge an incident
acknowledge-down = { $monitor } is down
acknowledge-taken = Somebody is looking after { $monitor }
acknowledge-over = { $monitor } is up again
acknowledge-gone = { $monitor } is not watched any more
acknowledge-reason = Reason
acknowledge-now = Now
acknowledge-as = It is noted as { $by }. Whoever has this link can acknowledge this incident or have it quiet for a while, and do nothing else.
acknowledge-done = The incident is acknowledged. It stays open until it is over.
acknowledge-nothing = The incident is over; there is nothing left to acknowledge.
acknowledge-gone-hint = The monitor was deleted, and its incidents ended with it; there is nothing left to acknowledge.
acknowledge-snooze = Tell nobody more of this incident for
acknowledge-silence = Tell nobody of this monitor for
acknowledge-quiet = Quiet until
acknowledge-not-now = Not now: have it quiet for a while
acknowledge-quiet-hint = What is still wrong then is told. A silence of the monitor stands under Alerting > Silences, where it can be ended.
