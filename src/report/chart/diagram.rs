//! The data of a drawing of a system.

/// Boxes and what leads from one to another, from the left to the right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiagramFigure {
    /// What is drawn, in one sentence; it may wrap to two lines.
    pub title: String,
    /// What is said of it.
    pub subtitle: String,
    /// The boxes.
    pub nodes: Vec<Node>,
    /// What leads from a row of a box to another box.
    pub links: Vec<Link>,
    /// A footnote. Empty means none.
    pub note: String,
}

/// A box: its name, what is said of it, and its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What is said of it, a line each.
    pub facts: Vec<String>,
    /// What it has.
    pub rows: Vec<Row>,
    /// Whether it is the load, a service, or something between services.
    pub kind: BoxKind,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BoxKind {
    /// Who sends requests.
    Load,
    /// A service.
    #[default]
    Service,
    /// A station of a queueing network.
    Station,
    /// A queue of a broker.
    Queue,
    /// Something of which nothing is free.
    Full,
}

/// Something that a box has: a pool, a client, a limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What it is: `pool auth`.
    pub name: String,
    /// Its numbers: `5 to 20`.
    pub facts: String,
}

/// What leads from a box to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// The box that it leaves.
    pub from: usize,
    /// The row of that box; none: the box as a whole.
    pub row: Option<usize>,
    /// The box that it leads to.
    pub to: usize,
    /// Whether it stands out.
    pub is_marked: bool,
}
