//! Apache Parquet, Snappy-compressed. Numbers are doubles and may be infinite, counts 64-bit integers, flags booleans;
//! what is missing is null.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::{Cell, CellKind, Column, Row, Writer};
use crate::report::folder::{Draft, Unwritten};

/// Rows of a group.
const GROUP: usize = 65_536;

pub(super) struct Parquet {
    draft: Draft,
    columns: Vec<Column>,
    /// None once something went wrong.
    writer: Option<SerializedFileWriter<BufWriter<File>>>,
    rows: Vec<Row>,
}

impl Parquet {
    pub fn begin(mut draft: Draft, columns: &[Column]) -> Self {
        let mut writer = None;
        draft.write_with(|file| {
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
            let file = BufWriter::new(file.get_ref().try_clone()?);
            let schema = Arc::new(schema(columns).map_err(io::Error::other)?);
            writer = Some(SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(io::Error::other)?);
            Ok(())
        });
        Self { draft, columns: columns.to_vec(), writer, rows: Vec::new() }
    }

    fn flush(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        let rows = std::mem::take(&mut self.rows);
        let (columns, kept) = (&self.columns, &mut self.writer);
        self.draft.write_with(|_| {
            if !rows.is_empty() {
                let mut group = writer.next_row_group().map_err(io::Error::other)?;
                for (index, column) in columns.iter().enumerate() {
                    write(&mut group, column.kind, rows.iter().map(|row| &row[index])).map_err(io::Error::other)?;
                }
                group.close().map_err(io::Error::other)?;
            }
            *kept = Some(writer);
            Ok(())
        });
    }
}

impl Writer for Parquet {
    fn row(&mut self, row: &[Cell]) {
        self.rows.push(row.to_vec());
        if self.rows.len() == GROUP {
            self.flush();
        }
    }

    fn finish(mut self: Box<Self>) -> Result<PathBuf, Unwritten> {
        self.flush();
        if let Some(writer) = self.writer.take() {
            self.draft.write_with(|_| {
                let mut file = writer.into_inner().map_err(io::Error::other)?;
                io::Write::flush(&mut file)
            });
        }
        self.draft.finish()
    }
}

fn schema(columns: &[Column]) -> Written<Type> {
    let mut fields = Vec::new();
    for column in columns {
        let (physical, logical) = match column.kind {
            CellKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            CellKind::Number => (Physical::DOUBLE, None),
            CellKind::Count => (Physical::INT64, None),
            CellKind::Flag => (Physical::BOOLEAN, None),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        fields.push(Arc::new(field.build()?));
    }
    Type::group_type_builder("sim").with_fields(fields).build()
}

/// Writes the cells of a column into a row group.
fn write<'a>(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    kind: CellKind,
    cells: impl Iterator<Item = &'a Cell>,
) -> Written<()> {
    match kind {
        CellKind::Text => values::<ByteArrayType>(group, cells, |cell| match cell {
            Cell::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }),
        CellKind::Number => values::<DoubleType>(group, cells, |cell| match cell {
            Cell::Number(number) => Some(*number),
            _ => None,
        }),
        CellKind::Count => values::<Int64Type>(group, cells, |cell| match cell {
            Cell::Count(count) => i64::try_from(*count).ok(),
            _ => None,
        }),
        CellKind::Flag => values::<BoolType>(group, cells, |cell| match cell {
            Cell::Flag(flag) => Some(*flag),
            _ => None,
        }),
    }
}

fn values<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    cells: impl Iterator<Item = &'a Cell>,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Written<()> {
    let cells: Vec<Option<T::T>> = cells.map(value).collect();
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let present: Vec<T::T> = cells.into_iter().flatten().collect();
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("there are fewer columns than cells".into()));
    };
    column.typed::<T>().write_batch(&present, Some(&levels), None)?;
    column.close()
}
