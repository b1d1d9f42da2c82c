# What would happen if a monitor went down, what happens next in an incident, and what holds it back.

outlook-title = If this went down now
outlook-paused = It is paused: it is not checked, so nobody is told of anything.
outlook-own = Told through its own channels
outlook-by-name = Told by the policy that it names:
outlook-by-tag = Told by the policy for the tag { $tag }:
outlook-by-default = Told by the default policy:
outlook-deaf = Nobody. Every channel that would be told is switched off, or does not want to hear of outages.
outlook-deaf-do = Look at the channels
outlook-unmanned = Nobody. Nobody is on call now, and every other channel that would be told is switched off, or does not want to hear of outages.
outlook-unmanned-do = See who is on call
outlook-held = Held back for now: these are told when that is over, if it is down then.
outlook-step-deaf = Nobody: the channels of this step are switched off.
outlook-not-of-outages = Not of outages
outlook-off = Switched off, so not told:
held-silence = Nobody is told for now: there is a silence.
held-silence-by = Nobody is told of this for now. Silenced by { $author }:
held-maintenance = Under maintenance: nobody is told, and checks count neither as up nor as down.
held-parent = Nobody is told for now: this depends on a monitor that is down.
held-until = until
outlook-on-call = On call: { $people }
outlook-nobody-on-call = Nobody is on call in { $rotations }

monitor-policy = Policy
monitor-policy-hint = Told beside the channels above, step by step, as long as nobody acknowledges it. By rule, a monitor with channels of its own has none.
monitor-by-rule = By rule: by its tags, or the default one
monitor-by-rule-tag = By rule: { $policy }, by the tag { $tag }
monitor-by-rule-default = By rule: { $policy }, the default one
monitor-by-rule-own = By rule: none, it has channels of its own
monitor-by-rule-nobody = By rule: none
monitor-no-policies = A policy tells more people later, if nobody acknowledges an outage, and reminds them.
monitor-depends = What it depends on
monitor-parents = Monitors
monitor-parents-hint = Name or number (#12), one on each line. While one of them is down, nobody is told that this one is too; the message about that one names it.
monitor-relatives = Dependencies
monitor-parents-are = Depends on
monitor-parents-mean = While one of these is down, nobody is told that this one is too.
monitor-children-are = Needed by
monitor-children-mean = While this one is down, nobody is told that these are too.

standing-title = What happens next
standing-recovering = Over, as it looks. Its end is told if it stays so until
standing-flapping = It changes too often to tell of each change. It goes on when it has stayed the same until
standing-acknowledged = Acknowledged: no further step, no reminder. Its end is told.
standing-snoozed = Snoozed: nobody is told anything before
standing-snoozed-by = by { $by }
standing-held = Held back
standing-step = Next step at
standing-step-deaf = It tells nobody: its channels are switched off, or do not want to hear of it.
standing-reminder = Next reminder at
standing-reminder-number = Number { $n }, to whoever was told
standing-done = Nothing more, until it is over
standing-nobody = Nobody is told: the monitor has no channel of its own and no policy that tells of this
standing-taken-down = { $n ->
    [one] It took down one monitor that depends on it, of which nobody is told:
   *[other] It took down { $n } monitors that depend on it, of which nobody is told:
}
standing-reminders = Reminders
snooze-title = Snooze
snooze-hint = Nobody is told anything more before then; after that it goes on, with a reminder. Its end is told all the same.
snooze-until-today = Until { $time } ({ $zone })
snooze-until-tomorrow = Until tomorrow, { $time } ({ $zone })
snooze-end = End the snooze
flash-incident-snoozed = Snoozed. Nobody is told anything more before then.
flash-incident-not-snoozed = This incident was acknowledged or resolved meanwhile; nothing more would be told anyway.
flash-incident-woken = The snooze is over. Whoever was told is reminded.

nobody-no-channel = Nobody was told: the monitor had neither an enabled channel of its own nor a policy.
nobody-heard = Nobody was told: the channels were switched off, did not want to hear of it, or their recipients had unsubscribed.
nobody-held = Nobody was told so far: something holds the alerts back.
nobody-was-held = Nobody was told: it was over before what held the alerts back.
nobody-yet = Nobody was told yet: no step is due.
nobody-in-time = Nobody was told: it was over before a step was due.

overview-unheard = { $n ->
    [one] When one of the monitors goes down, nobody is told: it has no working channel and no policy.
   *[other] When { $n } of the monitors go down, nobody is told: they have no working channel and no policy.
}
overview-unheard-do = Choose a default policy
