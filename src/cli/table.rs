//! Tables in plain text: columns aligned, two blanks between them, numbers to the right.

use crate::cli::output::heading;

/// A table in the making.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Begins a table; the names of columns that begin with `>` are aligned to the right.
    #[must_use]
    pub fn new<T: AsRef<str>>(heads: &[T]) -> Self {
        let right = heads.iter().map(|head| head.as_ref().starts_with('>')).collect();
        let heads = heads.iter().map(|head| head.as_ref().trim_start_matches('>').to_owned()).collect();
        Self { heads, right, rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether no row was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the lines, each indented by so many blanks.
    #[must_use]
    pub fn text(&self, indent: usize) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([self.heads[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let mut text = String::new();
        if self.heads.iter().any(|head| !head.is_empty()) {
            let line = self.line(&self.heads, &widths);
            text.push_str(&format!("{:indent$}{}\n", "", heading(&line)));
        }
        for row in &self.rows {
            text.push_str(&format!("{:indent$}{}\n", "", self.line(row, &widths)));
        }
        text
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let empty = String::new();
        let cells = widths.iter().enumerate().map(|(column, width)| {
            let cell = cells.get(column).unwrap_or(&empty);
            if self.right[column] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["", ">"]);
        table.row(["community", "60.00"]);
        table.row(["käfer", "1234.50"]);
        assert_eq!(table.text(1), " community    60.00\n käfer      1234.50\n");
    }
}
