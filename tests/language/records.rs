//! Section 5.2: plugin records by option and by date, through the whole pipeline.

use crate::hear::OTP2;
use crate::hear::after;
use crate::hear::hear;
use crate::hear::login;

/// Names of the fields of the record that an opening and a list hold.
fn columns(opening: &str, record: &str) -> Vec<&'static str> {
    let text = format!("{opening}S: SERVER <|> PLUGIN_LIST <|>\\n{record}\\n<|> SERVER\\n\n");
    let heard = hear(&text);
    let message = heard.messages.iter().find(|message| message.name == "plugin_record").unwrap();
    assert!(!message.fields.iter().any(|(name, _)| *name == "surplus"), "{}", message.line());
    message.fields.iter().map(|(name, _)| *name).collect()
}

fn record(fields: usize, id: &str) -> String {
    (0..fields).map(|field| if field == 0 { id.to_owned() } else { format!("f{field}") }).collect::<Vec<_>>().join(" <|> ")
}

const BASE: [&str; 7] = ["plugin_id", "plugin_name", "category", "copyright", "description", "summary", "family"];

#[test]
fn ntp_columns_are_those_the_options_ask_for() {
    for (options, more) in [
        ("timestamps", vec![]),
        ("plugins_bugtraq_id", vec!["bid"]),
        // The order of the options is not that of the columns.
        ("plugins_xrefs plugins_cve_id", vec!["cve", "xref"]),
        ("plugins_cve_id plugins_version plugins_bugtraq_id plugins_xrefs", vec!["version", "cve", "bid", "xref"]),
    ] {
        let want: Vec<_> = BASE.iter().chain(&more).copied().collect();
        assert_eq!(columns(&login("NTP/1.2", options), &record(want.len(), "10330")), want, "{options}");
    }
}

#[test]
fn otp_columns_by_date() {
    const OID: &str = "1.3.6.1.4.1.25623.1.0.10330";
    let thirteen = [&BASE[..], &["version", "cve", "bid", "xref", "signkeys", "tag"]].concat();
    for (opening, count, without) in [
        (login("OTP/1.0", "").as_str(), 11, &["signkeys", "tag"][..]),
        (&login("OTP/1.0", ""), 12, &["tag"]),
        (&login("OTP/1.0", ""), 13, &[]),
        (&login("OTP/1.1", ""), 13, &[]),
        (OTP2, 12, &["description"]),
        (OTP2, 11, &["description", "signkeys"]),
        (OTP2, 10, &["description", "signkeys", "summary"]),
        (OTP2, 9, &["description", "signkeys", "summary", "version"]),
        (OTP2, 8, &["description", "signkeys", "summary", "version", "copyright"]),
    ] {
        let want: Vec<_> = thirteen.iter().copied().filter(|name| !without.contains(name)).collect();
        assert_eq!(want.len(), count);
        assert_eq!(columns(opening, &record(count, OID)), want, "{count}");
    }
}

#[test]
fn words_for_nothing_and_numbers_for_categories() {
    let lines = after(
        OTP2,
        r"S: SERVER <|> PLUGIN_LIST <|>\n1.3.6.1 <|> n <|> 0 <|> c <|> f <|> $Revision: 1 $ <|> NOCVE <|> NOBID <|> NOXREF <|> NOTAG\n1.3.6.2 <|> n <|> 11 <|> c <|> f <|> ? <|> CVE-1999-0736, CVE-2002-0013 <|> 167, 6029 <|> OSVDB:123, DSA:181 <|> a=b|c=d\n<|> SERVER\n",
    );
    assert_eq!(
        lines[1..3],
        [
            "S plugin_record plugin_id=1.3.6.1; plugin_name=n; category=0; category_name=init; copyright=c; family=f; version=$Revision: 1 $; cve=[]; bid=[]; xref=[]; tag=[]",
            "S plugin_record plugin_id=1.3.6.2; plugin_name=n; category=11; category_name=unknown; copyright=c; family=f; version=?; cve=[CVE-1999-0736, CVE-2002-0013]; bid=[167, 6029]; xref=[OSVDB:123, DSA:181]; tag=[a=b, c=d]",
        ]
    );
    let lines = after(
        &login("OTP/1.0", ""),
        r"S: SERVER <|> PLUGIN_LIST <|>\n1.3.6.1 <|> n <|> infos <|> c <|> NODESC <|> s <|> f <|> v <|> NOCVE <|> NOBID <|> NOXREF <|> NOSIGNKEYS <|> NOTAG\n<|> SERVER\n",
    );
    assert!(lines[1].contains("description=; summary=s;") && lines[1].ends_with("signkeys=[]; tag=[]"), "{}", lines[1]);
}
