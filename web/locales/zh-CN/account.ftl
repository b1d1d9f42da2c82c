# 初始设置、登录与密码。

login-title = 登录
login-email = 邮箱地址
login-password = 密码
login-remember = 在此设备上保持登录
login-submit = 登录
login-refused = 邮箱地址或密码不正确。
login-throttled = 尝试次数过多，请在 { $seconds } 秒后重试。
login-forgotten = 忘记密码？请在服务器上重设：

setup-title = 创建管理员账户
setup-intro = 这是首次运行。在此创建的账户拥有全部权限，创建后本页面即关闭。
setup-submit = 创建账户
password-rules = 至少 12 个字符。长度比特殊符号更重要。
password-repeat = 再次输入密码
