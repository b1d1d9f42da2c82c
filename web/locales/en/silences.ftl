# Silences, and which monitors they are about.

matcher-legend = Which monitors
matcher-all = All monitors
matcher-all-hint = Those that are added later, too.
matcher-hint = What you fill in must all be true of a monitor: it is one of these, has one of the tags, and is of one of the kinds.
matcher-monitors = Monitors
matcher-monitors-hint = One per line, by name or by number.
matcher-tags = Tags
matcher-tags-hint = Any of these, with commas between them.
matcher-tags-in-use = Any of these, with commas between them. In use: { $tags }
matcher-kinds = Kinds
matcher-words-all = All monitors
matcher-words-or = or
matcher-words-and = , { "" }
matcher-words-more = or { $n } others
matcher-words-tags = tagged { $tags }
matcher-words-kinds = of the kind { $kinds }
about-these = Chosen by name
about-nothing = No monitor matches now.
about-more = { $n ->
    [one] and one more
   *[other] and { $n } more
}

silences-intro = Checks go on and incidents open, but nobody is told of them. What is still wrong when a silence ends is told then.
silences-none = Nothing is silenced
silences-none-detail = Silence monitors while you work on something that you know is broken. For work that is planned, a maintenance window also leaves the time out of the uptime.
silences-active = Silenced now
silences-pending = Ahead
silences-over = Over
silence-new = New silence
silence-edit = Change a silence
silence-create = Silence
silence-what = About
silence-why = Reason
silence-why-example = Moving the rack to room 2
silence-why-hint = Others read it when they wonder why nobody was told.
silence-from = From
silence-from-hint = Empty: now.
silence-until = Until
silence-begins = begins
silence-held = Open incidents
silence-ended = Ended
silence-ended-by = ended by { $by }
silence-author = Made by
silence-actions = Actions
silence-extend = One hour more
silence-end = End now
silence-back = Back to the silences
silence-length = For how long
silence-until-morning = Until tomorrow, 09:00
silence-exactly = From and until …
silence-effect = A recovery is told to everybody who was told of the outage. A silence lasts 90 days at most.
times-in = In { $zone }, the time zone under Settings > General.
flash-silence-created = Silenced: { $name }
flash-silence-saved = Saved: { $name }
flash-silence-extended = One hour more: { $name }
flash-silence-longest = Not extended: { $name }. A silence lasts 90 days at most.
flash-silence-over = It is over already: { $name }
flash-silence-ended = Ended: { $name }. What is still wrong is told now.

monitor-silence = Silence…
monitor-maintain = Maintenance…
monitor-counts-maintenance = { $n ->
    [one] One more was made under maintenance and counts as neither.
   *[other] { $n } more were made under maintenance and count as neither.
}
strip-label-maintenance = { $up } of the last { $total } checks were up, and { $maintenance } more were made under maintenance
overview-under-maintenance = Under maintenance
overview-detail-maintenance = { $up } of { $total } monitors are up, { $maintenance } under maintenance.
