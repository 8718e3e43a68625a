#pragma once

#include <QAbstractTableModel>

#include "core/actor_catalogue.hpp"
#include "core/document.hpp"
#include "core/figures.hpp"

namespace millrace::workbench {

/// A document as a table: the canvas for keyboards and screen readers. One row an actor, then one a group and one a
/// comment. Names, partitions, wires, groups and places are edited in its cells, each as one step of undo. Thread: GUI.
class OutlineModel final : public QAbstractTableModel {
  Q_OBJECT

public:
  enum Column { Name, Type, Partitions, FedBy, Group, Place, State, Rate, Lag, ColumnCount };
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int; in column State

  explicit OutlineModel(const ActorCatalogue& catalogue, QObject* parent = nullptr);
  /// nullptr: none.
  void setDocument(Document* document);
  void setFigures(const RunFigures* run);
  /// The catalogue has changed.
  void refresh();
  /// Empty for rows of groups and comments.
  [[nodiscard]] std::string actorAt(int row) const;
  /// Title of the row's group, id of its comment; empty: it is none.
  [[nodiscard]] std::string groupAt(int row) const;
  [[nodiscard]] std::string commentAt(int row) const;
  [[nodiscard]] int rowOf(const std::string& actor) const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;

  /// Streams into an actor as the cell shows and takes them: `source.out, other.rest -> b`.
  [[nodiscard]] static QString feedText(const topology& spec, const std::string& actor);
  /// The edit that leaves `actor` with just these streams. Errors (`invalid_argument`, `not_found`) say which part is
  /// wrong.
  [[nodiscard]] result<Edit> feedChange(const std::string& actor, const QString& text) const;

Q_SIGNALS:
  /// Why a cell did not take what was typed.
  void refused(const QString& why);

private:
  struct Row {
    enum class Kind : std::uint8_t { Actor, Group, Comment } kind;
    std::string name;
    bool operator==(const Row&) const = default;
  };
  [[nodiscard]] std::vector<Row> presentRows() const;
  [[nodiscard]] QVariant actorCell(const std::string& name, int column) const;
  [[nodiscard]] QVariant groupCell(const std::string& title, int column) const;
  [[nodiscard]] QVariant commentCell(const std::string& id, int column) const;
  [[nodiscard]] result<Edit> cellChange(const Row& row, int column, const QString& text) const;
  [[nodiscard]] result<Edit> actorChange(const std::string& actor, int column, const QString& text) const;

  const ActorCatalogue& m_catalogue;
  Document* m_document = nullptr;
  const RunFigures* m_run = nullptr;
  std::vector<Row> m_rows;  // as the views know them
};

}  // namespace millrace::workbench
