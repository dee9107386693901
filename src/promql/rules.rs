//! Files of rules, as Prometheus reads them (`model/rulefmt`).

use std::collections::BTreeMap;
use std::ops::Range;

use super::Fault;
use super::lexer::duration;
use super::parser::parse;
use super::syntax::Expression;
use crate::yaml::{self, Content, Node, WrongYaml};

/// The rules of a group, one after the other.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Milliseconds between two evaluations; none: as Prometheus is configured.
    pub interval: Option<i64>,
    /// Its rules. One outside of the subset has the reason in place of an expression.
    pub rules: Vec<Result<Rule, Unsupported>>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The alert, or the metric that is recorded.
    pub name: String,
    /// What it does.
    pub kind: RuleKind,
    /// The text of its expression.
    pub text: String,
    /// The expression.
    pub expression: Expression,
    /// Labels that it sets.
    pub labels: BTreeMap<String, String>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// It fires when its expression has given a result for `hold`, and until it has given none for `keep`.
    Alert {
        /// `for`, in milliseconds.
        hold: i64,
        /// `keep_firing_for`, in milliseconds.
        keep: i64,
    },
    /// It records its result under its name.
    Recording,
}

/// A rule that Prometheus would evaluate, perhaps, but this program does not.
#[derive(Clone, Debug)]
pub struct Unsupported {
    /// The alert, or the metric that is recorded.
    pub name: String,
    /// Which part of its expression, and why.
    pub fault: Fault,
    /// That part in bytes of the file; the whole expression where the file writes one of its characters as an escape code.
    pub span: Range<usize>,
}

/// What is wrong with a file of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{title}")]
pub struct WrongRules {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What is said of the place.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
}

impl From<WrongYaml> for WrongRules {
    fn from(WrongYaml { span, title, label }: WrongYaml) -> Self {
        Self { span, title, label, help: None }
    }
}

impl WrongRules {
    fn at(node: &Node, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { span: node.span.clone(), title: title.into(), label: label.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Reads a file of rules: `groups:`, or the list of rules alone, which becomes one group.
///
/// # Errors
/// Where it is no such file.
pub fn read(text: &str) -> Result<Vec<Group>, WrongRules> {
    let root = yaml::first(text)?;
    if let Content::List(rules) = &root.content {
        return Ok(vec![Group { name: "rules".into(), interval: None, rules: all_rules(rules, text)? }]);
    }
    let table = Table::of(&root, &["groups"], "a file of rules")?;
    let Some(groups) = table.get("groups") else {
        return Err(WrongRules::at(&root, "a file of rules must have the key `groups`", "no `groups` here"));
    };
    let groups = list(groups, "groups")?;
    let known = ["name", "interval", "rules", "limit", "labels", "query_offset"];
    let group = |node: &Node| {
        let table = Table::of(node, &known, "a group")?;
        for key in ["limit", "labels", "query_offset"] {
            if let Some(value) = table.get(key) {
                return Err(WrongRules::at(value, format!("`{key}` of a group is not supported"), "not supported"));
            }
        }
        let name = table.text("name")?.unwrap_or_default();
        let interval = table.duration("interval")?;
        let rules = table.get("rules").map_or(Ok(Vec::new()), |rules| all_rules(list(rules, "rules")?, text))?;
        Ok(Group { name, interval, rules })
    };
    groups.iter().map(group).collect()
}

fn list<'a>(node: &'a Node, name: &str) -> Result<&'a [Node], WrongRules> {
    match &node.content {
        Content::List(items) => Ok(items),
        _ => Err(WrongRules::at(node, format!("`{name}` must be a list"), "not a list")),
    }
}

fn all_rules(nodes: &[Node], file: &str) -> Result<Vec<Result<Rule, Unsupported>>, WrongRules> {
    nodes.iter().map(|node| rule(node, file)).collect()
}

fn rule(node: &Node, file: &str) -> Result<Result<Rule, Unsupported>, WrongRules> {
    let known = ["alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"];
    let table = Table::of(node, &known, "a rule")?;
    let (alert, record) = (table.text("alert")?, table.text("record")?);
    let (hold, keep) = (table.duration("for")?, table.duration("keep_firing_for")?);
    let (name, kind) = match (alert, record) {
        (Some(name), None) => (name, RuleKind::Alert { hold: hold.unwrap_or(0), keep: keep.unwrap_or(0) }),
        (None, Some(name)) => (name, RuleKind::Recording),
        _ => return Err(WrongRules::at(node, "a rule must have either `alert` or `record`", "neither or both")),
    };
    let Some(expr) = table.get("expr") else {
        return Err(WrongRules::at(node, format!("rule `{name}` has no `expr`"), "no `expr` here"));
    };
    let text = table.text("expr")?.unwrap_or_default();
    let labels = match table.get("labels") {
        None => BTreeMap::new(),
        Some(node) => match &node.content {
            Content::Table(entries) => {
                let label = |(key, value): &(Node, Node)| Ok((plain(key)?.to_owned(), plain(value)?.to_owned()));
                entries.iter().map(label).collect::<Result<_, WrongRules>>()?
            }
            _ => return Err(WrongRules::at(node, "`labels` must be a table", "not a table")),
        },
    };
    match parse(&text) {
        Ok(expression) => Ok(Ok(Rule { name, kind, text, expression, labels })),
        Err(fault) => {
            let span = yaml::place(file, expr.span.start, &text, &fault.span).unwrap_or_else(|| expr.span.clone());
            Ok(Err(Unsupported { name, fault, span }))
        }
    }
}

/// A table whose keys are known.
struct Table<'a> {
    entries: &'a [(Node, Node)],
}

impl<'a> Table<'a> {
    fn of(node: &'a Node, known: &[&str], what: &str) -> Result<Self, WrongRules> {
        let Content::Table(entries) = &node.content else {
            return Err(WrongRules::at(node, format!("{what} must be a table of keys and values"), "not a table"));
        };
        for (key, _) in entries {
            let name = plain(key)?;
            if !known.contains(&name) {
                let help = format!("keys of {what}: {}", known.join(", "));
                return Err(WrongRules::at(key, format!("{what} has no key `{name}`"), "unknown key").help(help));
            }
        }
        Ok(Self { entries })
    }

    fn get(&self, name: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(key, _)| matches!(plain(key), Ok(known) if known == name)).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Result<Option<String>, WrongRules> {
        self.get(name).map(|node| plain(node).map(str::to_owned)).transpose()
    }

    fn duration(&self, name: &str) -> Result<Option<i64>, WrongRules> {
        let Some(node) = self.get(name) else { return Ok(None) };
        let text = plain(node)?;
        let length = if text == "0" { Some(0) } else { duration(text) };
        length.map(Some).ok_or_else(|| {
            WrongRules::at(node, format!("`{name}` must be a duration"), "not a duration").help("write 1m, 30s, 1h30m")
        })
    }
}

fn plain(node: &Node) -> Result<&str, WrongRules> {
    match &node.content {
        Content::Text(text) => Ok(text),
        _ => Err(WrongRules::at(node, "a text is needed here", "not a text")),
    }
}
