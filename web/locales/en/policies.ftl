# Policies: who is told of what, and when.

policies-add = Add a policy
policies-none = No policy yet
policies-none-detail = A policy says what happens when something is wrong with a monitor: who is told at once, who is told later if nobody acknowledges it, and when everybody is reminded.
policies-none-own = A monitor with channels of its own needs none: those are told at once.
policies-about = What happens when something is wrong with a monitor. A monitor names its policy, or has one by tag or by default; channels of its own are told at once in any case.
column-policy = Policy
column-serves = For which monitors
policy-for-default = Default
policy-for-tag = Tag { $tag }
policy-for-named = { $n ->
    [one] One monitor by name
   *[other] { $n } monitors by name
}
policy-for-none = None yet
policy-mute = Tells nobody: its channels are switched off

policy-at-once = At once
policy-after = After { $span }
policy-after-unless = After { $span }, unless somebody has acknowledged it
policy-step-says = { $when }: { $whom }
policy-step-and = { " · " }
policy-only-some = Only of { $what }, and their ends.
policy-only-some-begin = Only of { $what }, not of their ends.
policy-only-begins = Of everything that begins, not of its end.
policy-only-ends = Only of ends.
policy-only-down = outages
policy-only-degraded = slow answers
policy-only-certificate = certificates that expire
policy-only-no-data = checks that cannot be made
policy-only-recovered = ends
policy-only-comma = { ", " }
policy-only-and = { $first } and { $last }
policy-no-reminders = Nobody is reminded.
policy-reminders-days = Of a certificate it is told again at each of the monitor's days, until somebody acknowledges it.
policy-reminders-steady = Until somebody acknowledges it, whoever was told is reminded every { $first }.
policy-reminders-doubling = Until somebody acknowledges it, whoever was told is reminded after { $first }, then after twice as long each time, at most { $longest }.
policy-recovery-never = Nobody is told of the end.
policy-recovery-at-once = Its end is told at once.
policy-recovery-after = Its end is told when it has been over for { $span }.
severity-critical = Critical
severity-error = Error
severity-warning = Warning
severity-info = Info

policy-new-title = Add a policy
policy-name = Name
policy-name-example = Night shift
policy-severity = Severity
policy-severity-hint = For services that sort by it, like PagerDuty. What is not an outage is a warning at most.
policy-step = Step { $n }
policy-step-after = After
policy-step-after-hint = Counted from when it was confirmed, as long as nobody has acknowledged it: 10m, 1h. Empty: at once.
policy-step-tells = Whom it tells
policy-step-rotations = Whoever is on call in
policy-no-channels = There is no channel yet, so there is nobody to tell.
policy-step-of = What it tells of
policy-event-down = It is down
policy-event-degraded = It is slow
policy-event-certificate = Its certificate expires soon
policy-event-no-data = Watchbell cannot check it
policy-event-recovered = It is over
policy-step-remove = Remove step { $n }
policy-step-add = Add a step
policy-until = Until it is over
policy-reminders = Remind whoever was told
policy-reminders-hint = As long as nobody has acknowledged it. Of a certificate, the days set at the monitor count instead.
policy-reminders-first = First reminder after
policy-reminders-longest = At most
policy-reminders-longest-hint = The wait doubles each time, up to this.
policy-recovery = Tell the end after
policy-recovery-hint = So long it must be up again, so that a target that comes and goes is told once: 2m. Empty: at once.
policy-for = For which monitors
policy-tags = Tags
policy-tags-hint = For monitors with one of these tags that name no policy and have no channels of their own. Separated by commas.
policy-default = The default policy
policy-default-hint = For monitors for which nothing else was said. There is one at most: this one takes the place of another.
policy-create = Add the policy
policy-does = What it does
policy-does-not-yet = That can be said when these are settled:
policy-scope-default = When something is wrong with a monitor that names this policy, has one of its tags, or for which nothing else was said:
policy-scope-tags = When something is wrong with a monitor that names this policy or has one of its tags ({ $tags }):
policy-scope-named = When something is wrong with a monitor that names this policy:

policy-delete = Delete
policy-delete-title = Delete policy
policy-delete-question = Delete { $name }?
policy-delete-what = Its steps and reminders go with it and cannot be brought back.
policy-delete-no-users = No monitor names it.
policy-delete-users = Monitors that name it, and what they have then:
policy-delete-more = { $n ->
    [one] and one more
   *[other] and { $n } more
}
policy-delete-default = Monitors for which nothing else was said have no policy any more: it is the default one.
policy-delete-tag = Monitors with the tag { $tag } have another policy with that tag, or the default one, if there is one.
policy-delete-open = Open incidents that have it go on by what their monitors have then.
policy-delete-do = Delete { $name }
policy-then-own = its own channels alone
policy-then-tag = { $policy }, by the tag { $tag }
policy-then-default = { $policy }, the default policy
policy-then-nobody = nobody is told

channel-delete-policy = A policy tells one channel less:
channel-delete-needed = It is the only one that this policy tells. Change or delete the policy first:
flash-channel-needed = Nothing was deleted: the policy { $name } would tell nobody any more. Change or delete it first.

flash-policy-created = { $name } is saved. It counts from the next incident on.
flash-policy-saved = { $name } is saved. Open incidents go on by what it says now.
flash-policy-deleted = { $name } is deleted.
