//! Masks what looks like a secret in a command line: values after `--password`, `token=` and the like, and passwords in
//! URLs. It can't find all: secrets are recognised by their names alone. Pure.

/// What is shown instead.
const MASK: &str = "***";

/// Words of a name that make its value a secret.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "authorization",
];

/// Words that do so at the end of a name: `--pass-through` has no secret.
const LAST_WORDS: [&str; 4] = ["pass", "pwd", "auth", "bearer"];

/// Names that are written in one word, such as `PGPASSWORD` and `accessToken`.
const ENDS: [&str; 7] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
];

/// The last word of names whose value says where a secret is.
const PLACES: [&str; 4] = ["file", "path", "dir", "fd"];

/// Short options that take a password, with the programs that have them.
const SHORT: [(&str, &[&str]); 3] = [
    (
        "-p",
        &[
            "sshpass",
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mariadb",
            "mariadb-dump",
        ],
    ),
    ("-a", &["redis-cli"]),
    ("-w", &["ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami"]),
];

/// Options whose value is a name and a password with a colon between them.
const PAIRS: [&str; 3] = ["-u", "--user", "--proxy-user"];

/// The arguments of a process, without secrets.
pub(super) fn masked(mut args: Vec<String>) -> Vec<String> {
    for at in 0..args.len() {
        let is_value = at > 0 && takes_secret(&args[at - 1]) && !args[at].starts_with('-');
        args[at] = match is_value {
            true => MASK.into(),
            false => in_words(&args[at]),
        };
    }
    mask_short_options(&mut args);
    args
}

/// Whether an argument is an option whose value is the next one, and a secret.
fn takes_secret(arg: &str) -> bool {
    arg.starts_with('-') && !arg.contains(['=', ':', ' ']) && is_secret(arg)
}

/// Masks within one argument, which may be a whole command for a shell.
fn in_words(arg: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut before = String::new();
    for word in arg.split(' ') {
        let value_of_option = takes_secret(&before) && !word.starts_with('-');
        let after_name = before.strip_suffix([':', '=']);
        let is_header =
            before.eq_ignore_ascii_case("bearer") || before.eq_ignore_ascii_case("basic");
        let is_value = value_of_option || is_header || after_name.is_some_and(is_secret);
        let names_scheme = ["bearer", "basic"].contains(&word.to_lowercase().as_str());
        let shown = match is_value && !word.is_empty() && !names_scheme {
            true => MASK.into(),
            false => in_urls(&assignments(word)),
        };
        word.clone_into(&mut before);
        words.push(shown);
    }
    words.join(" ")
}

/// Masks the values of `name=value` and `name:value`.
fn assignments(word: &str) -> String {
    let mut shown = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(['=', ':']) {
        let (name, value) = (&rest[..at], &rest[at + 1..]);
        shown.push_str(&rest[..=at]);
        rest = value;
        let quotes = value.len() - value.trim_start_matches(['"', '\'']).len();
        let end = value[quotes..].find(['&', ';', ',', '"', '\'']);
        let end = end.map_or(value.len(), |end| quotes + end);
        if is_secret(name) && end > quotes && !value.starts_with("//") {
            shown.push_str(&value[..quotes]);
            shown.push_str(MASK);
            rest = &value[end..];
        }
    }
    shown + rest
}

/// Masks the password of `scheme://name:password@host`.
fn in_urls(word: &str) -> String {
    let masked = || {
        let start = word.find("://")? + 3;
        let end = start
            + word[start..]
                .find(['/', '?', '#'])
                .unwrap_or(word.len() - start);
        let at = start + word[start..end].rfind('@')?;
        let colon = start + word[start..at].find(':')?;
        Some([&word[..=colon], MASK, &word[at..]].concat())
    };
    masked().unwrap_or_else(|| word.to_owned())
}

fn mask_short_options(args: &mut [String]) {
    let program = args
        .first()
        .map(|first| first.rsplit('/').next().unwrap_or(first).to_owned());
    let program = program.unwrap_or_default();
    let known = SHORT
        .iter()
        .filter(|(_, programs)| programs.contains(&program.as_str()));
    let options: Vec<&str> = known.map(|(option, _)| *option).collect();
    for at in 1..args.len() {
        if options.contains(&args[at - 1].as_str()) {
            args[at] = MASK.into();
        } else if PAIRS.contains(&args[at - 1].as_str())
            && let Some(colon) = args[at].find(':')
        {
            args[at].replace_range(colon + 1.., MASK);
        } else if let Some(option) = options.iter().find(|option| is_attached(&args[at], option)) {
            args[at] = format!("{option}{MASK}");
        }
    }
}

/// Whether `arg` is the option with its value, as in `-pSECRET`.
fn is_attached(arg: &str, option: &str) -> bool {
    arg.len() > option.len() && arg.starts_with(option)
}

/// Whether a value with this name, which may be the end of a longer text, is a secret.
fn is_secret(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', ' ']);
    let part_of_name = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let start = text.rfind(|c| !part_of_name(c)).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let name = text[start..].to_lowercase();
    let words: Vec<&str> = name
        .split(['-', '_', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    let Some(last) = words.last() else {
        return false;
    };
    let is_key = |pair: &[&str]| {
        pair[1] == "key" && ["api", "access", "private", "secret", "account"].contains(&pair[0])
    };
    !PLACES.contains(last)
        && (LAST_WORDS.contains(last)
            || words.iter().any(|word| WORDS.contains(word))
            || ENDS.iter().any(|end| last.ends_with(end))
            || words.windows(2).any(is_key))
}

#[cfg(test)]
mod tests {
    use super::masked;
    use proptest::prelude::{prop_assert, proptest};

    fn shown(line: &str) -> String {
        masked(line.split('|').map(str::to_owned).collect()).join("|")
    }

    #[test]
    fn secrets_are_masked_and_the_rest_is_not() {
        let table = [
            ("app|--password|hunter2|-v", "app|--password|***|-v"),
            ("app|--password=hunter2", "app|--password=***"),
            ("app|--db-password|a b c", "app|--db-password|***"),
            ("app|--password|--verbose", "app|--password|--verbose"),
            ("app|--token-file|/run/t", "app|--token-file|/run/t"),
            ("app|--author|me", "app|--author|me"),
            ("app|--pass-through|x", "app|--pass-through|x"),
            (
                "app|--auth-mode|x|--db-pass|y",
                "app|--auth-mode|x|--db-pass|***",
            ),
            (
                "java|-Dspring.datasource.password=x|-jar|a.jar",
                "java|-Dspring.datasource.password=***|-jar|a.jar",
            ),
            ("env|PGPASSWORD=x|psql", "env|PGPASSWORD=***|psql"),
            (
                "env|AWS_SECRET_ACCESS_KEY=x|AWS_REGION=eu",
                "env|AWS_SECRET_ACCESS_KEY=***|AWS_REGION=eu",
            ),
            (
                "psql|host=db password=x user=me",
                "psql|host=db password=*** user=me",
            ),
            (
                "curl|https://a.example/?token=x&page=2",
                "curl|https://a.example/?token=***&page=2",
            ),
            (
                "curl|-H|Authorization: Bearer abc",
                "curl|-H|Authorization: Bearer ***",
            ),
            ("curl|-H|X-Api-Key: abc", "curl|-H|X-Api-Key: ***"),
            (
                "curl|-u|me:abc|https://a.example",
                "curl|-u|me:***|https://a.example",
            ),
            (
                "curl|-d|{\"user\":\"me\",\"password\":\"x\"}",
                "curl|-d|{\"user\":\"me\",\"password\":\"***\"}",
            ),
            (
                "app|postgres://me:x@db:5432/a?b=1",
                "app|postgres://me:***@db:5432/a?b=1",
            ),
            ("app|postgres://me@db/a", "app|postgres://me@db/a"),
            ("sh|-c|app --api-key abc -v", "sh|-c|app --api-key *** -v"),
            ("/usr/bin/mysql|-pabc|-h|db", "/usr/bin/mysql|-p***|-h|db"),
            ("sshpass|-p|abc|ssh|a", "sshpass|-p|***|ssh|a"),
            ("nginx|-p|/srv", "nginx|-p|/srv"),
            ("redis-cli|-a|abc|ping", "redis-cli|-a|***|ping"),
            ("python3|-m|http.server", "python3|-m|http.server"),
            (
                "postgres: me app 10.0.0.1(5) idle",
                "postgres: me app 10.0.0.1(5) idle",
            ),
            ("", ""),
        ];
        for (line, expected) in table {
            assert_eq!(shown(line), expected);
        }
    }

    proptest! {
        /// Whatever is written, nothing panics, and the value of an option for a password is never shown.
        #[test]
        fn values_never_show(before in "\\PC{0,12}", after in "\\PC{0,12}", odd in "[=:'\"&; é-]{0,9}") {
            let args = [&*before, &odd, "--password", "hunter2!", &after, "x", "--token=hunter2!"];
            let line = masked(args.map(str::to_owned).to_vec()).join(" ");
            prop_assert!(!line.contains("hunter2!"), "{line}");
        }
    }
}
