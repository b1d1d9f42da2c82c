# Mail: the messages themselves, and why one could not be sent.

## Durations and times
duration-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
duration-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
duration-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
duration-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
duration-instant = less than a second
relative-past = { $duration } ago

## Messages
mail-headline-opened = { $name } is down
mail-headline-reminder = { $name } is still down
mail-headline-flapping = { $name } goes down and up again and again
mail-note-flapping = You are told no more of each change. When it has stayed up or down for 15 minutes, you are told which.
mail-headline-acknowledged = Somebody is looking after { $name }
mail-headline-resolved = { $name } is up again
mail-headline-certificate = The certificate of { $name } expires soon
mail-headline-channel-test = A test of the channel { $channel }
mail-headline-test = The mail settings work
mail-subject-incident = Incident #{ $number }: { $name }
mail-subject-test = Watchbell mail settings
mail-label-monitor = Monitor
mail-label-target = Target
mail-label-since = Since
mail-label-so-far = So far
mail-label-reason = Reason
mail-label-down-from = Down from
mail-label-up-since = Up since
mail-label-lasted = Lasted
mail-label-was-reason = Reason was
mail-label-acknowledged = Acknowledged
mail-acknowledged-by = by { $by }, { $at }
mail-label-tags = Tags
mail-label-checks = Last checks ({ $zone })
mail-check-up = up
mail-check-down = down
mail-check-unknown = unknown
mail-label-server = Mail server
mail-label-security = Encryption
mail-security-tls = TLS from the first byte
mail-security-starttls = STARTTLS, required
mail-security-none = none
mail-label-from = Sender
mail-label-sent = Sent
mail-note-test = This is a test. Alerts take exactly the same way.
mail-note-both = No message about the beginning of this outage was accepted by the mail server, so this one stands for both.
mail-headline-digest = { $n } messages in one
mail-headline-digest-down = { $n } monitors are down
mail-headline-digest-up = { $n } monitors are up again
mail-headline-digest-both = { $n } monitors were down and are up again
mail-label-monitors = Monitors
mail-link-incidents = See all incidents
mail-note-digest = Much happened at once, so it travels in one message.
mail-digest-names = { $names } and { $n } more
mail-digest-more = { $n } more are in the list of incidents.
mail-headline-week = Mail still works
mail-note-week = This mail comes once a week by each mail server, on the way that alerts take. When it does not come, something on that way has changed.
mail-why-week = { $recipient } gets this because it is entered for the weekly mail under Settings > General.
mail-link-incident = See the incident in Watchbell
mail-link-acknowledge = Acknowledge
mail-why = { $recipient } gets this because it is a recipient of the Watchbell channel "{ $channel }".
mail-why-test = { $recipient } gets this because somebody entered the address for a test of the Watchbell mail settings.
mail-unsubscribe = To stop getting these messages at this address:
mail-unsubscribe-do = Unsubscribe
mail-stop = To stop these messages, take the address out of the channel, or the channel out of the monitor:
mail-sample-monitor = Web shop
mail-sample-channel = On call
mail-sample-reason = The server answered 503 Service Unavailable; expected 200.

## Messages about Watchbell itself
mail-own-zone-opened = Watchbell is offline (zone { $name })
mail-own-zone-acknowledged = Somebody is looking after Watchbell, which is offline (zone { $name })
mail-own-zone-over = Watchbell was offline { $from }–{ $to } { $zone } (zone { $name })
mail-own-zone-note = What was found in this time is unknown, not down. Outages that were known before stayed open.
mail-own-channel-opened = Watchbell: the channel { $name } needs attention
mail-own-channel-acknowledged = Somebody is looking after the channel { $name }
mail-own-channel-over = Watchbell: the channel { $name } works again
mail-own-channel-note = Messages by this channel wait, and are tried at long intervals at most. Correct the channel in Watchbell, or send a test by it; what waits is then sent.
mail-label-zone = Zone
mail-label-channel = Channel
mail-label-began = Began
mail-label-ended = Ended

## Mail that cannot be sent yet
mail-not-configured = Mail is not set up. Enter a mail server under Settings > Mail; messages that wait are then sent.
mail-switched-off = Every mail profile is switched off. Switch one on under Settings > Mail; the message waits until then.
mail-password-locked = The stored mail password was sealed with another key and cannot be read. Enter it again under Settings > Mail.

## The last step of a test
mail-look-inbox = The server has the message for { $to }. Whether it arrived only the mailbox can tell: look into the inbox, and into spam.

## What goes wrong with mail: likely cause, and what to do
hint-name-unknown-cause = The name of the mail server does not exist in DNS.
hint-name-unknown-fix = Check its spelling, or whether this machine's name server knows it.
hint-name-server-cause = The name server gave no usable answer for the mail server's name.
hint-name-server-fix = This is often temporary. If it stays, check the DNS of that domain or enter an IP address.
hint-egress-denied-cause = The address of the mail server is forbidden by the egress policy of this installation.
hint-egress-denied-fix = If the address is right, allow it with WATCHBELL_EGRESS_ALLOW and restart.
hint-connect-refused-cause = The machine answers, but nothing listens on this port.
hint-connect-refused-fix = Check the port: 465 for TLS, 587 for STARTTLS, 25 for relays in the own network. Check that the mail server runs.
hint-connect-timeout-cause = Nothing answers. A firewall, or the provider of this machine, often blocks ports 25, 465 and 587.
hint-connect-timeout-fix = Try port 587 or 465 instead of 25, and ask the provider to open outgoing mail.
hint-connect-failed-cause = The network does not reach the mail server.
hint-connect-failed-fix = Check routes and firewalls between this machine and the mail server.
hint-our-side-cause = The fault is on this machine, not at the mail server.
hint-our-side-fix = Do what the message says, then try again.
hint-starttls-expected-cause = This port speaks STARTTLS: it greets unencrypted and encrypts afterwards.
hint-starttls-expected-fix = Choose STARTTLS as the encryption, or change the port to 465 for TLS from the first byte.
hint-tls-not-spoken-cause = This port does not begin with encryption; it is probably a STARTTLS port.
hint-tls-not-spoken-fix = Choose STARTTLS for ports 587 and 25, or change the port to 465.
hint-tls-expected-cause = This port is encrypted from the first byte.
hint-tls-expected-fix = Choose TLS as the encryption (usual for port 465), or change the port to 587 for STARTTLS.
hint-tls-timeout-cause = The mail server began and did not finish the encryption.
hint-tls-timeout-fix = This is often an overloaded server or a firewall that inspects TLS. Try again later.
hint-tls-version-cause = The mail server knows only encryption that is out of date (TLS 1.0 or 1.1, old ciphers).
hint-tls-version-fix = Enable TLS 1.2 or newer on the mail server.
hint-tls-failed-cause = The encryption could not be set up.
hint-tls-failed-fix = Check that port and encryption belong together: 465 with TLS, 587 with STARTTLS.
hint-certificate-expired-cause = The certificate of the mail server has expired.
hint-certificate-expired-fix = Renew it on the mail server. Check the clock of this machine as well.
hint-certificate-not-yet-valid-cause = The certificate of the mail server is not valid yet.
hint-certificate-not-yet-valid-fix = Check the clock of this machine, then the certificate.
hint-certificate-name-cause = The certificate was issued for another name than the one in the settings.
hint-certificate-name-fix = Enter the name that stands in the certificate as the host, or have the certificate issued for this name.
hint-certificate-issuer-cause = The certificate is self-signed or comes from an own authority.
hint-certificate-issuer-fix = Paste the certificate of that authority (PEM) into the mail settings.
hint-certificate-other-cause = The certificate of the mail server cannot be trusted.
hint-certificate-other-fix = Have the mail server's certificate checked; switching the check off exposes the password.
hint-authority-invalid-cause = The own certificate authority in the settings is not a usable certificate.
hint-authority-invalid-fix = Paste it again in PEM form, or leave the field empty.
hint-starttls-missing-cause = The server does not offer STARTTLS on this port, or somebody on the way removed the offer.
hint-starttls-missing-fix = Use port 587, or TLS on port 465. Nothing was sent unencrypted.
hint-starttls-unavailable-cause = The server offers STARTTLS and cannot encrypt at the moment; usually its certificate or key is missing or unreadable.
hint-starttls-unavailable-fix = Have the mail server's TLS set up checked, or use TLS on port 465.
hint-starttls-required-cause = The server takes mail over encrypted connections only.
hint-starttls-required-fix = Choose STARTTLS, or TLS on port 465.
hint-auth-missing-cause = The server offers no login here, often because this port is for other servers or wants encryption first.
hint-auth-missing-fix = Use port 587 with STARTTLS or 465 with TLS, or remove the user name if the server needs none.
hint-auth-mechanism-cause = The server and we have no way to log in in common (we know PLAIN, LOGIN and XOAUTH2).
hint-auth-mechanism-fix = Choose the login that the server offers, or enable PLAIN or LOGIN over TLS on it.
hint-insecure-auth-cause = The password would have travelled unencrypted.
hint-insecure-auth-fix = Choose TLS or STARTTLS. If the way to the server is safe, allow unencrypted login in the mail settings.
hint-token-refused-cause = The mail server does not take the access token: it was given for another account, without the right to send, or the account may not use SMTP.
hint-token-refused-fix = Check that the user name is the account that was connected and that SMTP is allowed for it, then connect it again under Settings > Mail.
hint-oauth-not-connected-cause = The account is not connected to its provider, or the settings that it was connected for have changed.
hint-oauth-not-connected-fix = Connect it under Settings > Mail; messages that wait are then sent.
hint-oauth-locked-cause = The stored authorization was sealed with another key and cannot be read.
hint-oauth-locked-fix = Connect the account again under Settings > Mail, or start Watchbell with the right key.
hint-oauth-revoked-cause = The provider no longer accepts the authorization: it was revoked or has ended, often after a change of the password, or because the client is still in testing.
hint-oauth-revoked-fix = Connect the account again under Settings > Mail; messages that wait are then sent.
hint-oauth-client-cause = The provider does not know the client, or its secret is wrong or has ended.
hint-oauth-client-fix = Check client id and secret in the mail settings. At Microsoft a client without a secret must allow public client flows.
hint-oauth-denied-cause = The authorization was declined on the provider's page.
hint-oauth-denied-fix = Connect again and accept, with an account that may.
hint-oauth-expired-cause = Nobody decided on the provider's page in time.
hint-oauth-expired-fix = Connect again and enter the code within its time.
hint-oauth-rejected-cause = The provider does not do what it was asked for.
hint-oauth-rejected-fix = Its words say what it misses: usually a scope, a right of the client, or an address that is not registered with it.
hint-oauth-unavailable-cause = The provider that gives the access tokens cannot be asked at the moment.
hint-oauth-unavailable-fix = This is usually temporary; it is tried again. If it stays, check whether this machine may reach the provider.
hint-oauth-ours-cause = The fault is on this machine, not at the provider.
hint-oauth-ours-fix = It is tried again. If it stays, the log of Watchbell says more.
hint-utf8-missing-cause = Addresses with letters beyond ASCII need a server that offers SMTPUTF8.
hint-utf8-missing-fix = Use an address with plain letters before the @, or another mail server.
hint-too-large-cause = The message is larger than the server takes.
hint-too-large-fix = Raise the size limit of the mail server.
hint-address-unusable-cause = An address has a form that mail servers do not take.
hint-address-unusable-fix = Correct the sender in the mail settings or the recipient in the channel.
hint-greeting-timeout-cause = The connection stands, but the server says nothing.
hint-greeting-timeout-fix = If the port is 465, choose TLS. Otherwise the server is overloaded or holds back unknown senders; it is tried again.
hint-final-timeout-cause = The server took the message and did not say what became of it; it is probably busy scanning.
hint-final-timeout-fix = It is sent again with the same Message-ID. If this happens often, look into the mail server's load.
hint-answer-timeout-cause = The server stopped answering in the middle of the conversation.
hint-answer-timeout-fix = This is usually temporary; it is tried again.
hint-closed-at-greeting-cause = The server closes the connection at once, often because it does not accept this address, or because the port wants TLS.
hint-closed-at-greeting-fix = Check port and encryption, and whether the server permits this machine.
hint-closed-cause = The server hung up in the middle of the conversation.
hint-closed-fix = This is usually temporary; it is tried again. The server's own log says why.
hint-connection-failed-cause = The network connection broke.
hint-connection-failed-fix = This is usually temporary; it is tried again.
hint-not-smtp-cause = Something else than a mail server answers on this port.
hint-not-smtp-fix = Check host and port.
hint-too-long-cause = The server does not behave like a mail server.
hint-too-long-fix = Check host and port.
hint-out-of-turn-cause = Answers that nobody asked for are a sign of a broken proxy or of an attack on the connection.
hint-out-of-turn-fix = Prefer TLS on port 465. Have the network between this machine and the mail server checked.
hint-m365-basic-auth-cause = Microsoft has switched off logging in with a password for this tenant or mailbox.
hint-m365-basic-auth-fix = Log in with OAuth 2.0: choose it under Settings > Mail, save, and connect the account. Or have an administrator allow authenticated SMTP for the mailbox again, or send through a relay or connector.
hint-app-password-cause = The provider does not accept the normal password here.
hint-app-password-fix = Create an app password (authorization code) in the account's security settings and enter it instead.
hint-web-login-needed-cause = The provider wants this account to log in in a browser first.
hint-web-login-needed-fix = Log in there once, or create an app password.
hint-too-many-logins-cause = The server limits logins and has had too many from this account.
hint-too-many-logins-fix = Wait; it is tried again. Check that no other program uses a wrong password for this account.
hint-auth-temporary-cause = The server cannot check logins at the moment.
hint-auth-temporary-fix = This is usually temporary; it is tried again.
hint-wrong-password-cause = User name or password is wrong.
hint-wrong-password-fix = Enter both again. Many providers want the whole address as user name, or an app password.
hint-auth-required-cause = The server takes mail from this machine only after a login.
hint-auth-required-fix = Enter user name and password in the mail settings, and use port 587 or 465.
hint-from-not-allowed-cause = This account may not send with the sender address in the settings.
hint-from-not-allowed-fix = Use the account's own address as sender, or have the server allow it to send as this one.
hint-relay-denied-cause = The server does not forward mail for this machine or account.
hint-relay-denied-fix = Log in with a user name, or add this machine to the networks that may relay.
hint-from-unproven-cause = The receiving side cannot verify the sender's domain (SPF, DKIM or DMARC).
hint-from-unproven-fix = Send through the mail server of that domain, or publish SPF and DKIM for the one in use.
hint-sender-domain-cause = The server cannot find the domain of the sender address.
hint-sender-domain-fix = Use a sender address whose domain exists in DNS.
hint-hello-refused-cause = The server does not like the name that we introduce ourselves with.
hint-hello-refused-fix = Enter the full host name of this machine as EHLO name in the mail settings.
hint-sender-blocked-cause = The sender or the address of this machine is blocked, or on a block list.
hint-sender-blocked-fix = Ask your mail provider why, send through its mail server, or have the address taken off the list.
hint-daily-quota-cause = The account has used up what it may send.
hint-daily-quota-fix = It is tried again. Use an account or relay with a higher limit for alerts.
hint-greylisted-cause = The server makes unknown senders wait a few minutes.
hint-greylisted-fix = Nothing to do; it is tried again.
hint-rate-limit-cause = The server takes mail more slowly than it was sent.
hint-rate-limit-fix = Nothing to do; it is tried again more slowly.
hint-mailbox-full-cause = The recipient's mailbox is full.
hint-mailbox-full-fix = The recipient must make room, or the channel needs another address.
hint-mailbox-unknown-cause = The recipient's address does not exist.
hint-mailbox-unknown-fix = Correct the address in the channel.
hint-recipient-domain-cause = The domain of the recipient's address takes no mail.
hint-recipient-domain-fix = Correct the address in the channel.
hint-spam-cause = The server takes the message for spam.
hint-spam-fix = Allow the sender on the receiving side, and set up SPF and DKIM for the sender's domain.
hint-server-busy-cause = The server is busy or restarts.
hint-server-busy-fix = Nothing to do; it is tried again.
hint-recipient-refused-cause = The server does not accept mail for this recipient.
hint-recipient-refused-fix = Check the address in the channel; the server's words say more.
hint-message-refused-cause = The server refused the message itself.
hint-message-refused-fix = The server's words say why; its administrator can help.
hint-greeting-refused-cause = The server does not talk to this machine.
hint-greeting-refused-fix = Check whether the server permits this address, or send through your provider's mail server.
hint-temporary-cause = The server says that it cannot take the message now.
hint-temporary-fix = Nothing to do; it is tried again.
