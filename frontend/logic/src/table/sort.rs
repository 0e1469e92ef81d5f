//! What rows are sorted by.

/// A column that rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Id,
    Rate,
    Wait,
    P50,
    P99,
    Max,
}

impl Column {
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Id,
        Self::Rate,
        Self::Wait,
        Self::P50,
        Self::P99,
        Self::Max,
    ];

    /// In an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Id => "id",
            Self::Rate => "rate",
            Self::Wait => "wait",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by: Column,
    pub descending: bool,
}

impl Default for Sort {
    /// Who waits most stands first.
    fn default() -> Self {
        Self::natural(Column::Wait)
    }
}

impl Sort {
    /// Words ascend, numbers descend.
    pub fn natural(by: Column) -> Self {
        let descending = !matches!(by, Column::Name | Column::Id);
        Self { by, descending }
    }

    /// The order after a click on a column's head.
    pub fn clicked(self, by: Column) -> Self {
        if self.by == by {
            let descending = !self.descending;
            Self { by, descending }
        } else {
            Self::natural(by)
        }
    }
}
