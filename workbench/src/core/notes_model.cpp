#include "core/notes_model.hpp"

#include <QDateTime>

namespace millrace::workbench {
namespace {

/// Said to those who cannot see the glyph.
QString wordOf(Health level) {
  switch (level) {
    case Health::Critical:
      return NotesModel::tr("error");
    case Health::Warning:
      return NotesModel::tr("warning");
    default:
      return {};
  }
}

}  // namespace

void NotesModel::clear() {
  if (m_notes.empty()) return;
  beginResetModel();
  m_notes.clear();
  endResetModel();
}

void NotesModel::append(std::vector<Note> notes) {
  if (notes.size() > notesMax) {
    notes.erase(notes.begin(), notes.end() - static_cast<std::ptrdiff_t>(notesMax));
  }
  if (notes.empty()) return;
  if (m_notes.size() + notes.size() > notesMax) {
    const auto surplus = m_notes.size() + notes.size() - notesMax;
    beginRemoveRows({}, 0, static_cast<int>(surplus) - 1);
    m_notes.erase(m_notes.begin(), m_notes.begin() + static_cast<std::ptrdiff_t>(surplus));
    endRemoveRows();
  }
  const auto first = static_cast<int>(m_notes.size());
  beginInsertRows({}, first, first + static_cast<int>(notes.size()) - 1);
  m_notes.insert(m_notes.end(), std::make_move_iterator(notes.begin()), std::make_move_iterator(notes.end()));
  endInsertRows();
}

int NotesModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_notes.size());
}

int NotesModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(ColumnCount);
}

QVariant NotesModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const auto& note = at(index.row());
  if (role == healthRole) return static_cast<int>(note.level);
  if (role == Qt::ToolTipRole) return note.text;
  if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole) return {};
  switch (index.column()) {
    case Time: {
      const auto at = QDateTime::fromMSecsSinceEpoch(note.atMs).toString(QStringLiteral("HH:mm:ss.zzz"));
      const auto word = wordOf(note.level);
      return role == Qt::AccessibleTextRole && !word.isEmpty() ? word + QLatin1Char(' ') + at : at;
    }
    case From:
      return note.from;
    default:
      return note.text;
  }
}

QVariant NotesModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case Time:
      return tr("Time");
    case From:
      return tr("From");
    default:
      return tr("What");
  }
}

}  // namespace millrace::workbench
