# Acknowledging an incident, by the link in a message.

acknowledge-title = Acknowledge an outage
acknowledge-down = { $monitor } is down
acknowledge-taken = Somebody is looking after { $monitor }
acknowledge-over = { $monitor } is up again
acknowledge-gone = { $monitor } is not watched any more
acknowledge-reason = Reason
acknowledge-now = Now
acknowledge-as = It is noted as { $by }. Whoever has this link can acknowledge this outage, and do nothing else.
acknowledge-done = The outage is acknowledged. It stays open until the target is up again.
acknowledge-nothing = The outage is over; there is nothing left to acknowledge.
acknowledge-gone-hint = The monitor was deleted, and its outage ended with it; there is nothing left to acknowledge.
