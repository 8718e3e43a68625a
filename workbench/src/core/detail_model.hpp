#pragma once

#include <QAbstractTableModel>
#include <optional>

#include "core/actor_catalogue.hpp"
#include "core/breakpoints.hpp"
#include "core/document.hpp"
#include "core/figures.hpp"

namespace millrace::workbench {

/// All that can be set about one actor, as a table of names and values, and the topology's own settings behind it: what
/// the canvas, the inspector and their menus do, for keyboards and screen readers. Parameters, the failure policy, the
/// nodes it runs on, and, while it runs, muting and breakpoints on the wires that lead to it. Thread: GUI.
class DetailModel final : public QAbstractTableModel {
  Q_OBJECT

public:
  enum Column { Property, Value, Allowed, ColumnCount };

  explicit DetailModel(const ActorCatalogue& catalogue, QObject* parent = nullptr);
  /// nullptr: none.
  void setDocument(Document* document);
  /// The actor it is about; empty: the topology alone.
  void setActor(const std::string& actor);
  [[nodiscard]] const std::string& actor() const noexcept { return m_actor; }
  void setFigures(const RunFigures* run);
  void setBreaks(const BreakState& breaks);
  /// Again, as after the catalogue has changed.
  void refresh();
  /// The row of a property, as the first column has it without its unit; -1: there is none.
  [[nodiscard]] int rowOf(const QString& property) const;

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;

Q_SIGNALS:
  /// Why a cell did not take what was typed.
  void refused(const QString& why);
  // What belongs to the run and not to the drawing.
  void muteWanted(const std::string& actor, bool isMuted);
  /// Nothing: the breakpoint is to go. An empty condition: before every record.
  void breakWanted(const millrace::stream_spec& wire, const std::optional<QString>& when);

private:
  struct Row {
    enum class Kind : std::uint8_t { Param, Policy, Supervision, GroupPolicy, Nodes, Muted, Break, Setting } kind;
    std::string name;  // of the parameter, of the policy's member, of the setting
    stream_spec wire{};
    bool operator==(const Row&) const = default;
  };
  [[nodiscard]] std::vector<Row> presentRows() const;
  void addActorRows(std::vector<Row>& rows, const actor_spec& actor) const;
  [[nodiscard]] const actor_spec* spec() const;
  [[nodiscard]] const ParamInfo* param(const Row& row) const;
  [[nodiscard]] bool isRunning() const { return m_run != nullptr && m_run->isActive(); }
  [[nodiscard]] QString property(const Row& row) const;
  [[nodiscard]] QString value(const Row& row, bool isForEditing) const;
  [[nodiscard]] QString allowed(const Row& row) const;
  [[nodiscard]] result<Edit> change(const Row& row, const QString& text);
  [[nodiscard]] result<Edit> nodesChange(const QString& text) const;
  [[nodiscard]] result<Edit> steer(const Row& row, const QString& text);

  const ActorCatalogue& m_catalogue;
  Document* m_document = nullptr;
  const RunFigures* m_run = nullptr;
  BreakState m_breaks;
  std::string m_actor;
  std::string m_shownMode;  // whether it runs, and the actor is muted
  std::vector<Row> m_rows;  // as the views know them
};

}  // namespace millrace::workbench
