# Settings.

settings-mail = Mail
settings-security = Security
settings-tokens = API tokens
settings-general = General

copy = Copy
copied = Copied

mail-form-title = Mail server
mail-presets = Fill in the server of a provider:
mail-host = Server
mail-host-hint = The name alone. A pasted smtps:// address is taken apart.
mail-port = Port
mail-security = Security
mail-security-tls = TLS
mail-security-tls-hint = Encrypted from the first byte. Usually port 465.
mail-security-starttls = STARTTLS, required
mail-security-starttls-hint = Starts in clear and switches to TLS before anything else; if the server cannot, nothing is sent. Usually port 587.
mail-security-none = No encryption
mail-security-none-hint = Only for a server on this machine or in a network that you trust.
mail-username = User name
mail-username-hint = Often the whole mail address. Leave it empty if the server asks for no login.
mail-password = Password
mail-password-kept = One is stored. Leave the field empty to keep it. It is kept only while server, port, security, certificate check and user name stay the same.
mail-password-again = What you typed is never sent back to the browser. Enter the password again.
mail-clear-password = Remove the stored user name and password
mail-from = From address
mail-from-hint = Must be one that this server lets you send from.
mail-more = More options
mail-from-name = From name
mail-reply-to = Answers go to
mail-hello = Name in the greeting (EHLO)
mail-hello-hint = Empty: the host name of the public address.
mail-verify = Check the server's certificate
mail-verify-hint = Without it, anybody on the way can read the password.
mail-ca = Own certificate authority
mail-ca-hint = PEM. Only for servers whose certificate no public authority signed.
mail-insecure = Allow the password over an unencrypted connection
mail-insecure-hint = Anybody on the way can read it.
mail-test-group = Test
mail-test-to = Send the test to
mail-test-to-hint = One real message, on the way that alerts take.
mail-test-and-save = Test and save
mail-save-anyway = Save anyway
mail-testing = Testing…

mail-warning-465 = Port 465 usually expects TLS from the first byte. With this choice the connection will most likely hang until it times out.
mail-warning-587 = This port usually starts in clear and switches by STARTTLS. With this choice the handshake will most likely fail.
mail-warning-587-none = Port 587 usually requires STARTTLS. Without encryption most servers refuse the login.
mail-warning-25 = Port 25 is meant for mail between servers, and many providers block it for everybody else. Port 587 is the usual one.
mail-fix-tls = Use TLS
mail-fix-starttls = Use STARTTLS
mail-fix-465 = Use port 465
mail-fix-587 = Use port 587

preset-app-password = This provider takes an app password, made in the security settings of your account, not the password that you log in with.
preset-own-login = The login is not that of your account: the provider shows a user name and a key of their own for SMTP.
preset-microsoft365 = The mailbox needs "Authenticated SMTP" switched on. Microsoft is switching password login for SMTP off by default at the end of 2026; if the server answers 550 5.7.30, an administrator has to allow it again.
preset-ses = Replace the region in the server name by yours. The login is an SMTP credential made in the SES console, not an access key.
preset-sendgrid = The user name is the word apikey, the password is the API key itself.
preset-postmark = User name and password are both the server's API token.
preset-mailpit = A mail catcher for trying things out: it keeps every message and delivers none. Its page is on port 8025.

mail-in-use = In use now
mail-in-use-hint = What the next message uses, read at the moment of sending.
mail-state-none = Not set up
mail-state-unused = Not used yet
mail-state-working = Working
mail-state-failing = Failing
mail-none-detail = No mail leaves and no connection is made to any server. Messages to mail channels wait and say so; saving this form releases them.
mail-unverified = The certificate is not checked.
mail-no-login = No login
mail-locked = The password cannot be read with this key. Enter it again.
mail-revision = Revision
mail-saved = Saved
mail-last-success = Last accepted
mail-by-revision = revision { $revision }
mail-last-error = Last failure
mail-never = Never
mail-waiting = Waiting
mail-waiting-count = { $n ->
    [one] One message waits
   *[other] { $n } messages wait
}
mail-waiting-since = The oldest since
mail-nothing-waits = Nothing waits
mail-test-now = Send a test to { $to }

mail-test-title = Test to { $to }
mail-test-ok = Accepted
mail-test-failed = Failed
mail-test-accepted = The server accepted the message. Look into the mailbox, and into spam. Its words:
mail-test-not-saved = Nothing was saved. Correct the settings and test again, or save them anyway.
mail-transcript = The whole conversation
mail-transcript-hint = C is Watchbell, S is the server. Passwords are left out, so you may pass it on.
mail-step-dns = Name
mail-step-policy = Policy
mail-step-connect = Connection
mail-step-tls = TLS
mail-step-greeting = Greeting
mail-step-ehlo = Introduction
mail-step-starttls = STARTTLS
mail-step-auth = Login
mail-step-mail-from = Sender
mail-step-rcpt-to = Recipient
mail-step-data = Message
mail-step-reply = Answer
mail-test-rehearsed = Would be accepted
mail-test-running = Running
mail-test-unsaved = Not saved
mail-rehearsal-title = Dry run to { $to }
mail-test-would-accept = The server would take a message to this recipient. Nothing was sent. Its words:
mail-test-saved = The settings are saved as revision { $revision }. The next message uses them.
mail-test-save-failed = The test was accepted, but the settings could not be saved. Press "Save anyway" in a moment.
mail-test-broken = The connection to Watchbell broke while the test was running. Its end is not known; start it again.
mail-step-inbox = Mailbox
mail-step-not-reached = Not reached
mail-step-left-out = Left out: a dry run sends nothing
mail-look-deliverability = What helps mail to arrive
mail-dry-run = Dry run
mail-dry-run-hint = Asks the server about sender and recipient, and sends nothing.
mail-certificate = Certificate of the server
mail-certificate-subject = Issued to
mail-certificate-issuer = Issued by
mail-certificate-names = Valid for
mail-certificate-from = Valid from
mail-certificate-until = Valid until
mail-certificate-expired = expired
mail-certificate-days = { $n ->
    [one] { $n } day left
   *[other] { $n } days left
}
mail-certificate-chain = Chain
mail-certificate-by = by { $issuer }

flash-mail-saved = The mail settings are saved, without a test. The next message uses them.
flash-mail-tested = The test was accepted and the mail settings are saved. The next message uses them.
flash-mail-rehearsed = The dry run went well and the mail settings are saved. No message was sent.
flash-mail-missing = Mail is not set up yet, so there is nothing to test.

security-password = Password
security-present = Present password
security-new = New password
security-change = Change password
security-sessions = Sessions
security-this-session = You are signed in as { $email } since
security-remembered = This session ends after 30 days without use.
security-not-remembered = This session ends with the browser, or after 24 hours without use.
security-sessions-hint = If you forgot to sign out somewhere or lost a device, end all other sessions. API tokens keep working.
security-end-others = End all other sessions
flash-password-changed = Your password is changed and all other sessions are ended.
flash-sessions-ended = All other sessions are ended.

token-none = There is no token yet. Scripts and other programs sign in to the API with one.
token-name = Name
token-name-hint = Who uses it, so that you know later what breaks when you revoke it.
token-scope = Scope
token-scope-read = Read
token-scope-read-hint = See monitors, incidents and settings; no secrets.
token-scope-write = Write
token-scope-write-hint = Everything that reading allows, and change it.
token-scope-push = Push
token-scope-push-hint = Only report heartbeats.
token-last-used = Last used
token-never = Never
token-expires = Expires
token-expired = Expired
token-no-end = Never
token-days = In { $n } days
token-new = New token
token-create = Create token
token-revoke = Revoke
token-revoke-named = Revoke the token { $name }
token-fresh = Token { $name }
token-fresh-hint = Copy it now. It is shown this once and cannot be read again.
flash-token-revoked = The token is revoked. Whoever used it is refused from now on.

general-language = Language of messages
general-language-hint = Pages follow each reader's own choice.
general-language-none = English, unless chosen otherwise
general-metrics = Open /metrics to everybody
general-metrics-hint = Without it, /metrics needs a token with the scope Read.
general-save = Save
general-public-url = Public address
general-public-url-hint = Every link in a message is built from it. It is set when the server starts, by WATCHBELL_PUBLIC_URL.
flash-general-saved = Saved.
