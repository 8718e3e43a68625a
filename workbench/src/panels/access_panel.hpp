#pragma once

#include <QLabel>
#include <QObject>
#include <QTreeView>
#include <QWidget>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "core/rows_model.hpp"
#include "engine/command_link.hpp"
#include "millrace/transport/curve_keys.hpp"

namespace millrace::workbench {

/// Who may do what on the target: its keys, which are listed, made into files, offered by invitations and revoked; and
/// its audit log. Who may not see them reads why. What the engine is asked goes out as `wanted`, its answers come in by
/// `take`. Thread: GUI.
class AccessPanel final : public QObject {
  Q_OBJECT

public:
  explicit AccessPanel(QObject* parent = nullptr);

  [[nodiscard]] QWidget* keysPage() const noexcept { return m_keysPage; }
  [[nodiscard]] QWidget* auditPage() const noexcept { return m_auditPage; }
  [[nodiscard]] RowsModel& keys() noexcept { return *m_keys; }
  [[nodiscard]] RowsModel& entries() noexcept { return *m_entries; }
  [[nodiscard]] QString keysMessage() const { return m_keysMessage->text(); }
  [[nodiscard]] QString auditMessage() const { return m_auditMessage->text(); }

  void setEnabled(bool isEnabled);
  void clear();
  void refresh(bool areKeys);
  void take(const Command& command);
  /// A new key: made here, known to the node by its public half, written to `path` for whom it is for.
  void createKey(const QString& name, const QString& role, const QStringList& topologies, const QString& path);
  /// Asks first.
  void revokeCurrent();

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);

private:
  struct NewKey {
    QString path;
    transport::curve_keys keys;
  };
  void makeKeysPage();
  void makeAuditPage();
  void askForKey(bool isInvitation);
  void showKeys(const nlohmann::json& answer);
  void showEntries(const nlohmann::json& answer);
  void write(const nlohmann::json& answer);

  QWidget* m_keysPage;
  QWidget* m_auditPage;
  RowsModel* m_keys;
  RowsModel* m_entries;
  QTreeView* m_keysView;
  QTreeView* m_entriesView;
  QLabel* m_keysMessage;
  QLabel* m_auditMessage;
  std::map<QString, NewKey> m_new;  // by name: sent, not answered
};

}  // namespace millrace::workbench
