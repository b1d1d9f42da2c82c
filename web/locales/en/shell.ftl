# Frame, navigation, marks, times and problems: texts that every page shares.

skip-to-content = Skip to content
nav-label = Main
nav-overview = Overview
nav-monitors = Monitors
nav-incidents = Incidents
nav-channels = Channels
nav-alerting = Alerting
nav-deliveries = Deliveries
nav-settings = Settings
account-title = Your account and its security
sign-out = Sign out

notice-locked = The secrets in the database were sealed with another key, so passwords and tokens cannot be read. Start Watchbell with the key that belongs to this database, or enter the secrets again.
notice-plain-http = This page travels unencrypted. Put Watchbell behind HTTPS and set WATCHBELL_PUBLIC_URL to its https address before you use it outside of a network that you trust.

status-up = Up
status-degraded = Degraded
status-down = Down
status-unknown = Unknown
status-paused = Paused
status-maintenance = Maintenance
status-pending = Pending

delivery-state-pending = Pending
delivery-state-sending = Sending
delivery-state-sent = Sent
delivery-state-failed = Failed
delivery-state-expired = Expired
delivery-state-cancelled = Cancelled

event-opened = Began
event-reminder = Reminder
event-flapping = Flapping
event-acknowledged = Acknowledged
event-resolved = Over
event-test = Test

just-now = just now
ago = { $span } ago
span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h
span-days = { $n } d

pager-first = First page
pager-next = Next page

problem-home = To the overview
problem-request-id = Request
problem-forbidden-title = Not allowed
problem-forbidden = You may not do this.
problem-cross-origin = This form was sent from another site, so nothing was changed. If you sent it from this console, check that your proxy passes the Host header on and that WATCHBELL_PUBLIC_URL is the address in your browser.
problem-form-expired = This form has expired, so nothing was changed. Go back, load the page again and repeat what you did.
problem-setup-token = The set-up address needs the token that Watchbell printed to its log when it started. It is also in the file setup-token in the data directory.
problem-not-found-title = Nothing here
problem-not-found = This page does not exist, or what it showed was deleted.
problem-method-title = Not that way
problem-method = This address does not take this kind of request.
problem-too-large-title = Too large
problem-too-large = What you sent is larger than this form takes. Shorten it and send it again.
problem-busy-title = Slow down
problem-busy = There were too many attempts. Wait a minute and try again.
problem-unavailable-title = Busy
problem-unavailable = The database does not answer right now, so nothing was changed. Try again in a moment.
problem-internal-title = That is our fault
problem-internal = Something failed inside Watchbell, and nothing was changed unless the page says so. The log has the reason under the request named below.
problem-request-title = Not understood
problem-request = This request could not be read. Go back and try again.

flash-welcome = Welcome. Your account is ready.
flash-signed-out = You are signed out.
