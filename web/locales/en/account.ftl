# Set-up, login, password.

login-title = Sign in
login-email = Mail address
login-password = Password
login-remember = Stay signed in on this device
login-submit = Sign in
login-refused = Wrong address or password.
login-throttled = { $seconds ->
    [one] Too many attempts. Try again in one second.
   *[other] Too many attempts. Try again in { $seconds } seconds.
}
login-forgotten = Forgot your password? Set a new one on the server:

setup-title = Create the administrator
setup-intro = This is the first run. The account that you create here has every right; afterwards this page is closed.
setup-submit = Create account
password-rules = At least 12 characters. Length counts, not special characters.
password-repeat = Repeat the password
