# Channels.

channels-add = Add channel
channels-none = Nobody hears of anything yet
channels-none-detail = Add a channel: mail addresses, a chat, a phone, whoever is on call, or your own systems.
channels-mail-missing = Mail is not set up yet, so messages to mail addresses wait.
column-last-sent = Last sent
column-waiting = Waiting

channel-new-title = Add a channel
channel-kind = Kind
channel-kind-email = Mail
channel-kind-webhook = Webhook
channel-name = Name
channel-name-example = On call
channel-to = To
channel-to-hint = One address on each line. Everybody gets a message of their own.
channel-copies = Copies
channel-cc = Cc
channel-bcc = Bcc
channel-reader = Language and time zone
channel-language = Language of its messages
channel-zone = Time zone of its messages
channel-zone-hint = Its name, such as Europe/Berlin.
channel-as-installation = As under Settings > General
channel-optouts = Unsubscribed
channel-optouts-hint = They said so by the link in a message. Nothing is sent to them through this channel.
channel-resubscribe = Send again
channel-all-out = Every recipient of this channel has unsubscribed: nobody hears of anything through it.
flash-channel-resubscribed = { $name } is sent messages again.
channel-url = Address
channel-url-example = https://example.org/hooks/watchbell
channel-url-hint = Where messages are sent. It is kept secret and not shown again.
channel-url-kept = Kept secret. Leave it empty to keep the one that is stored.
channel-kept = ••••••••
channel-secret = Signing secret
channel-secret-hint = whsec_… of a Standard Webhooks receiver. Leave it empty to have one made.
channel-secret-kept = Leave it empty to keep the one that is stored.
channel-secret-new = Make a new signing secret
channel-secret-new-hint = The old one stops working at once. The new one is shown after saving.
channel-locked = The secrets of this channel were sealed with another key, so nothing can be sent. Enter them again, or start Watchbell with the key that belongs to this database.
channel-locked-word = Locked
channel-test = Send a test
channel-testing = Sending…
channel-test-ok = The test was accepted
channel-test-failed = The test was not accepted
channel-enable = Switch on
channel-disable = Switch off
channel-delete = Delete
channel-health = Health
channel-goes-to = Goes to
channel-last-failure = Last failure
channel-deliveries = Deliveries through this channel
channel-users = Monitors that use it
channel-people = Told through it while they are on call:
channel-no-users = None yet. Choose this channel when you add or edit a monitor.

retry-never = An alert that is refused like this is not tried again.
retry-briefly = An alert would be tried a few more times.
retry-backoff = An alert would be tried again, with growing pauses, until it is accepted or expires.
retry-after = An alert would be tried again in { $span }, as the other side asks.
retry-on-settings = An alert would wait until you correct and save the settings.

channel-secret-title = Signing secret
channel-secret-once = This is the signing secret of { $name }. Copy it now: it is not shown again.
channel-secret-use = Your receiver checks the webhook-signature header with it, as described at standardwebhooks.com.
channel-secret-done = I have copied it

channel-delete-title = Delete channel
channel-delete-question = Delete { $name }?
channel-delete-what = Nothing is sent to { $summary } through it any more.
channel-delete-no-users = No monitor uses it.
channel-delete-users = { $n ->
    [one] One monitor tells nobody through it any more:
   *[other] { $n } monitors tell nobody through it any more:
}
channel-delete-people = { $n ->
    [one] One person on call is not reached through it any more:
   *[other] { $n } people on call are not reached through it any more:
}
channel-delete-waiting = { $n ->
    [0] No message waits to be sent.
    [one] One message that is not sent yet is cancelled.
   *[other] { $n } messages that are not sent yet are cancelled.
}
channel-delete-keeps = The record of what was sent stays.
channel-delete-instead = To stop messages for a while, switch it off instead.
channel-delete-do = Delete { $name }

flash-channel-created = { $name } is ready. Send a test to be sure.
flash-channel-saved = { $name } is saved. The next message uses it.
flash-channel-enabled = { $name } is on.
flash-channel-disabled = { $name } is off. Nothing is sent through it until you switch it on.
flash-channel-deleted = { $name } is deleted.
flash-channel-locked = Enter the secrets of this channel again first.
flash-channel-tests-too-many = At most five tests per minute are sent. Wait a moment and try again.
channel-profile = Mail server
channel-profile-in-order = In order
channel-profile-hint = The one that is used first. When it fails, the others stand in.
channel-fallback = Stands in for it
channel-fallback-none = No other channel
channel-fallback-hint = This channel tells an event when none of the recipients here was told of it within two minutes.

webhook-says = What is sent
webhook-format = Format
webhook-standard = Watchbell's own
webhook-standard-hint = JSON with everything there is to know, described in docs/webhook-schema.json.
webhook-alertmanager = Alertmanager's
webhook-alertmanager-hint = Version 4 of its webhook, for whatever already listens to Prometheus Alertmanager.
webhook-template = A body of your own
webhook-template-hint = For an endpoint that wants something else: you write it, and placeholders are filled in.
webhook-method = Method
webhook-content-type = Content type
webhook-body = Body
webhook-body-hint = In JSON write {"{{"}json:reason{"}}"} without quotes around it, in forms {"{{"}url:reason{"}}"}. It is not kept secret: keys belong in the headers.
webhook-written = Each of them in three ways: {"{{"}reason{"}}"} as it is, on one line; {"{{"}json:reason{"}}"} as a JSON text with its quotes; {"{{"}url:reason{"}}"} percent-encoded.
webhook-value-event = incident.opened, incident.acknowledged, incident.resolved, …
webhook-value-status = DOWN, DEGRADED, CERT, NO DATA, FLAPPING, ACK, UP, OK, ENDED (monitor deleted), TROUBLE or TEST
webhook-value-since = When it began, in UTC: 2026-11-23T14:02:05.000Z
webhook-value-duration = How long it has lasted: 1h 5m
webhook-value-timestamp = When this happened, in UTC
webhook-example = Example
webhook-example-hint = An outage that nobody had. The headers of Standard Webhooks go with it in every format.
webhook-example-get = A GET has no body; the address and the headers are all that is sent.
webhook-example-none = There is no example of this.
webhook-events = When it is sent
webhook-opened = Something is wrong
webhook-acknowledged = Somebody has acknowledged it
webhook-resolved = It is up again
