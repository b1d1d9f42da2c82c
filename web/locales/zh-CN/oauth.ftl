# 将邮件配置与其提供商连接（OAuth 2.0）。

oauth-title = 连接邮件账号
oauth-profile = 配置
oauth-account = 账号
oauth-provider = 提供商
oauth-provider-google = Google
oauth-provider-microsoft = Microsoft
oauth-provider-custom = 其他
oauth-state = 状态
oauth-state-none = 未连接
oauth-state-connected = 已连接
oauth-state-attention = 需要处理
oauth-connected-at = 连接时间
oauth-refreshed-at = 令牌上次更新
oauth-expires-at = 令牌有效期至
oauth-renewed-by-itself = 令牌会在到期前自动更新，且只会发送给这台邮件服务器。
oauth-connect = 连接
oauth-connect-again = 重新连接
oauth-forget = 断开连接
oauth-back = 返回邮件设置
oauth-failed = 账号未能连接
oauth-note-google = Google 不为邮件提供设备代码，因此需要在 Google 的页面上授权，之后浏览器会返回这里。请登记类型为“Web 应用”的客户端；如果 Watchbell 没有 https 地址，请选择“桌面应用”。同意屏幕处于测试状态时，Google 会在七天后终止连接。
oauth-note-microsoft = 登记的应用需要委托权限 SMTP.Send；没有客户端密钥时，还需要开启“允许公共客户端流”。邮箱必须启用经过身份验证的 SMTP。

oauth-code-title = 在提供商的页面输入此代码
oauth-code-steps = 在任意设备上打开下面的页面，输入代码，以 { $account } 登录并同意。
oauth-valid-until = 有效期至
oauth-looks-again = 本页每五秒自动刷新一次。
oauth-look-now = 立即查看
oauth-cancel = 放弃

oauth-page-title = 在提供商的页面上授权
oauth-page-steps = 打开提供商的页面，以 { $account } 登录并同意。
oauth-page-open = 打开提供商的页面
oauth-redirect = 重定向地址
oauth-redirect-hint = 请在客户端中登记此地址，与这里显示的完全一致。
oauth-paste-why = Watchbell 没有可供提供商返回的 https 地址。最后浏览器会显示错误，这是正常的。请复制浏览器地址栏中的地址并粘贴到这里。
oauth-paste = 最后一页的地址
oauth-paste-hint = 仅当浏览器没有自动返回这里时才需要填写。
oauth-finish = 完成连接
oauth-finish-hint = 提供商已答复。完成后，Watchbell 即可以 { $account } 的身份发送邮件。

flash-oauth-connected = 账号已连接，等待中的消息正在发送。
flash-oauth-forgotten = 账号已断开。如果不再使用，请同时在提供商处撤销权限。
flash-oauth-not-chosen = 此邮件配置没有使用 OAuth 2.0 登录，请先选择该方式。
flash-oauth-nothing-pending = 已没有等待此答复的连接，请重新开始。
flash-oauth-pace = 每分钟最多尝试五次，请稍候再试。

error-oauth-answer = 这不是提供商让浏览器跳转到的地址。请从 http 开始完整复制。
error-oauth-answer-late = 此答复属于另一次尝试。请重新开始，并粘贴那一次的地址。
error-oauth-client-id = 客户端 ID 只能包含 ASCII 字母、数字和符号。
error-oauth-client-missing = 请填写提供商以及在其处登记的客户端。
error-oauth-fixed = Google 和 Microsoft 的此项是已知的。请留空，或选择“其他”。
error-oauth-provider = 请选择 google、microsoft 或 custom。
error-oauth-scope = 权限范围由 ASCII 字母和符号组成的词构成，词之间用空格分隔。
error-oauth-secret-reenter = 请重新输入客户端密钥：仅当已存密钥可以读取，且提供商、客户端和地址都未改动时才会沿用。
error-oauth-tenant = 请填写目录的 ID 或域名，或 common、organizations、consumers。
error-oauth-tenant-unused = 只有 Microsoft 使用租户，请留空。
error-oauth-url = 这不是有效的地址。示例：https://login.example.org/oauth2/token。
error-oauth-url-insecure = 地址必须以 https:// 开头；只有本机可以不加密。
error-oauth-way = 请填写设备代码地址或授权地址，二者选一。
