#pragma once

#include <QAbstractTableModel>

#include "core/actor_catalogue.hpp"
#include "core/document.hpp"
#include "core/figures.hpp"

namespace millrace::workbench {

/// A document as a table, one row an actor: the canvas for keyboards and screen readers. Names, partitions and wires
/// are edited in its cells, each as one step of undo. Thread: GUI.
class OutlineModel final : public QAbstractTableModel {
  Q_OBJECT

public:
  enum Column { Name, Type, Partitions, FedBy, State, Rate, Lag, ColumnCount };
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int; in column State

  explicit OutlineModel(const ActorCatalogue& catalogue, QObject* parent = nullptr);
  /// nullptr: none.
  void setDocument(Document* document);
  void setFigures(const RunFigures* run);
  /// The catalogue has changed.
  void refresh();
  [[nodiscard]] std::string actorAt(int row) const;
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
  [[nodiscard]] QVariant cell(int row, int column) const;

  const ActorCatalogue& m_catalogue;
  Document* m_document = nullptr;
  const RunFigures* m_run = nullptr;
  int m_rows = 0;  // as the views know it
};

}  // namespace millrace::workbench
