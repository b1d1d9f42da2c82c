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
acknowledge-own-over = { $monitor } is in order again

channel-attention = Needs attention
channel-neglected = The channel { $channel } needs attention.
channel-attention-title = This channel needs attention
channel-attention-stopped = Nothing more is sent there: the receiver says that the address is gone for good. Messages wait here meanwhile.
channel-attention-restrained = Messages wait; one of them is tried every 30 minutes.
channel-attention-next = The next try is at
channel-attention-do = Correct what is wrong and save, or send a test: when it works, what waits is sent at once.
