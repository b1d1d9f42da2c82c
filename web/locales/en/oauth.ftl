# Connecting a mail profile to its provider (OAuth 2.0).

oauth-title = Connect the mail account
oauth-profile = Profile
oauth-account = Account
oauth-provider = Provider
oauth-provider-google = Google
oauth-provider-microsoft = Microsoft
oauth-provider-custom = Other
oauth-state = State
oauth-state-none = Not connected
oauth-state-connected = Connected
oauth-state-attention = Needs attention
oauth-connected-at = Connected since
oauth-refreshed-at = Token last renewed
oauth-expires-at = Token valid until
oauth-renewed-by-itself = The token is renewed by itself before it ends. It goes to this mail server and to no other.
oauth-connect = Connect
oauth-connect-again = Connect again
oauth-forget = Disconnect
oauth-back = Back to the mail settings
oauth-failed = The account could not be connected
oauth-note-google = Google gives no device codes for mail, so the decision is made on a page of Google that sends the browser back. Register a client of the type "Web application", or "Desktop app" where Watchbell has no https address. While its consent screen is in testing, Google ends the connection after seven days.
oauth-note-microsoft = The registered application needs the delegated permission SMTP.Send and, without a client secret, "Allow public client flows". Authenticated SMTP must be switched on for the mailbox.

oauth-code-title = Enter this code at the provider
oauth-code-steps = Open the page below on any device, enter the code, sign in as { $account } and accept.
oauth-valid-until = Valid until
oauth-looks-again = This page looks again every five seconds.
oauth-look-now = Look now
oauth-cancel = Give up

oauth-page-title = Decide on the provider's page
oauth-page-steps = Open the provider's page, sign in as { $account } and accept.
oauth-page-open = Open the provider's page
oauth-redirect = Redirect address
oauth-redirect-hint = Register it with the client, exactly as it stands here.
oauth-paste-why = Watchbell has no https address that the provider could send the browser to. At the end the browser shows an error: that is right. Copy the address that it shows and paste it here.
oauth-paste = Address of the last page
oauth-paste-hint = Only needed when the browser did not come back here by itself.
oauth-finish = Finish connecting
oauth-finish-hint = The provider has answered. With this, Watchbell may send mail as { $account }.

flash-oauth-connected = The account is connected. Messages that waited are sent now.
flash-oauth-forgotten = The account is disconnected. Remove the permission at the provider as well if nobody is to use it any more.
flash-oauth-not-chosen = This mail profile does not log in with OAuth 2.0. Choose that first.
flash-oauth-nothing-pending = No connection waits for this answer any more. Begin again.
flash-oauth-pace = Five attempts a minute are enough. Wait a moment and try again.
