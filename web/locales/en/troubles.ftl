# Troubles of Watchbell itself.

incident-channel = Go to the channel
incident-own-acknowledge-hint = Acknowledging tells the others that you take care of it. The incident stays open until the trouble is over.
incident-own-noted = Noted
incident-own-over = Over
incident-own-no-deliveries = Nobody was told of it.
timeline-own-began = It began
timeline-own-opened = Watchbell noted it
timeline-own-resolved = It is over
acknowledge-own-down = { $monitor } is in trouble
acknowledge-own-taken = Somebody takes care of { $monitor }
acknowledge-own-over = { $monitor } is in order again
