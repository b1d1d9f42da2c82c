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

flash-mail-saved = The mail settings are saved, without a test. The next message uses them.
flash-mail-tested = The test was accepted and the mail settings are saved. The next message uses them.
flash-mail-missing = Mail is not set up yet, so there is nothing to test.
