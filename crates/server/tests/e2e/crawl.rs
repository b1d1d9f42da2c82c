//! Somebody who is signed in to the console and follows every link of it, without a browser.

use std::collections::{BTreeMap, VecDeque};

use testkit::{
    Watchbell,
    watchbell::{ADMIN, ADMIN_PASSWORD},
};

/// More pages than the console of a test has.
const MOST_PAGES: usize = 400;
/// Of one page with other filters.
const MOST_QUERIES: usize = 4;

pub(crate) struct Reader<'a> {
    bell: &'a Watchbell,
    cookies: BTreeMap<String, String>,
    /// The form token of the last page.
    token: String,
}

impl<'a> Reader<'a> {
    pub(crate) async fn sign_in(bell: &'a Watchbell) -> Self {
        let mut reader = Self {
            bell,
            cookies: BTreeMap::new(),
            token: String::new(),
        };
        reader.get("/login").await;
        let answer = reader
            .post("/login", &[("email", ADMIN), ("password", ADMIN_PASSWORD)])
            .await;
        assert_eq!(answer.0, 303, "{}", answer.1);
        assert!(reader.get("/").await.1.contains("action=\"/logout\""));
        reader
    }

    /// The value of the cookie of the session.
    pub(crate) fn session(&self) -> String {
        self.cookies["sid"].clone()
    }

    pub(crate) async fn get(&mut self, path: &str) -> (u16, String) {
        self.send(path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("csrf", &self.token)
            .extend_pairs(fields)
            .finish();
        self.send(path, Some(body)).await
    }

    async fn send(&mut self, path: &str, form: Option<String>) -> (u16, String) {
        let (client, url) = (self.bell.client(), self.bell.url(path));
        let request = match form {
            None => client.get(url),
            Some(form) => client
                .post(url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
        };
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await;
        let answer = answer.unwrap_or_else(|e| panic!("{path}: {e:?}"));
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie is ASCII");
            let (name, rest) = cookie.split_once('=').expect("a cookie has a name");
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap_or_else(|e| panic!("{path}: {e:?}"));
        if let Some((_, rest)) = body.split_once("name=\"csrf\" value=\"") {
            rest.split('"')
                .next()
                .unwrap_or_default()
                .clone_into(&mut self.token);
        }
        (status, body)
    }

    /// Every page that a link leads to, from `/` on, by its address.
    pub(crate) async fn follow_every_link(&mut self) -> BTreeMap<String, String> {
        let (mut pages, mut ahead) = (BTreeMap::new(), VecDeque::from(["/".to_owned()]));
        let mut queries: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(address) = ahead.pop_front() {
            let path = address.split('?').next().unwrap_or_default().to_owned();
            let seen = queries.entry(path).or_default();
            if pages.contains_key(&address) || *seen == MOST_QUERIES {
                continue;
            }
            *seen += 1;
            let (status, body) = self.get(&address).await;
            assert!(status < 400, "a link leads to {address}: {status}");
            ahead.extend(links(&body));
            pages.insert(address, body);
            assert!(pages.len() < MOST_PAGES, "{:?}", pages.keys());
        }
        pages
    }
}

/// What stands in `href`, without what is the same on every page and what leads elsewhere.
fn links(page: &str) -> Vec<String> {
    let found = page.split(" href=\"").skip(1);
    let found = found.filter_map(|rest| rest.split(['"', '#']).next());
    found
        .map(|link| link.replace("&amp;", "&"))
        .filter(|link| link.starts_with('/') && !link.starts_with("//") && !link.starts_with("/static/"))
        .collect()
}
