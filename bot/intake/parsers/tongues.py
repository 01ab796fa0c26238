"""The words of results and of labels in other languages than English. Data: how they are used is told by their users.

German, French, Spanish, Portuguese, Italian, Dutch; Japanese, Chinese and Korean, which put no spaces between words.
"""

FAILURE = (
    r"nicht (?:erfolgreich|abgeschlossen|bereit|erreichbar|verfügbar|behoben|gelöst|bestanden|fertig|gesund)",
    r"ohne erfolg|kein erfolg|noch nicht (?:behoben|gelöst)|fehlgeschlagen\w{0,2}|fehlschlag|schlug fehl|schlägt fehl|gescheitert",
    r"fehler(?:haft)?|abgestürzt|absturz|ausgefallen|ausfall|störung|zeitüberschreitung|ausgelöst|instabil|misslungen",
    r"sans succès|non (?:réussie?|résolue?|terminée?|disponible)|pas (?:réussi|résolu|terminé|encore \S{1,20})|n'a pas \S{1,20}",
    r"a échoué|ont échoué|échoué\w{0,2}|échouent?|échecs?|en échec|erreurs?|en panne|panne|indisponible|injoignable|dégradée?|déclenchée?",
    r"impossible d[e'’]",
    r"sin éxito|no (?:se )?(?:ha )?(?:completó|completado|pudo|resuelt[oa]|disponible|est[áa] list[oa])|ha fallado|fall[óo]|fallid[oa]s?",
    r"fallos?|fallando|error(?:es)|caíd[oa]|degradad[oa]|inestable|disparad[oa]",
    r"sem sucesso|não (?:foi |está )?(?:concluíd[oa]|conclui\w{1,3}|resolvid[oa]|disponível|pront[oa]|bem-sucedid[oa]|possível)",
    r"falhou|falharam|falhas?|falhando|com falha|erros?|indisponível|fora do ar|instável",
    r"fallit[oa]|non riuscit[oa]|errore|errori|mislukt\w{0,1}|gefaald|niet gelukt|fout",
)
OVER = (
    r"behoben|gelöst|wiederhergestellt|wieder (?:normal|verfügbar|online|gesund|grün|ok|erreichbar)|entwarnung",
    r"résolue?s?|rétablie?s?|corrigée?s?|retour à la normale|de nouveau (?:disponible|opérationnel\w{0,2}|normal)",
    r"resuelt[oa]s?|restablecid[oa]|recuperad[oa]s?|corregid[oa]|de vuelta a la normalidad|vuelve a la normalidad",
    r"resolvid[oa]s?|restabelecid[oa]|corrigid[oa]|voltou ao normal|de volta ao normal|normalizad[oa]",
    r"risolt[oa]|ripristinat[oa]|opgelost|hersteld",
)
GOOD = (
    r"erfolgreich\w{0,2}|erfolg|bestanden|abgeschlossen|bereitgestellt|gelungen|synchronisiert",
    r"avec succès|succès|réussie?s?|réussite|terminée?s?|déployée?s?|synchronisée?",
    r"con éxito|éxito|exitos[oa](?:mente)?|correctamente|completad[oa]|finalizad[oa]|desplegad[oa]|sincronizad[oa]",
    r"com sucesso|sucesso|bem[- ]sucedid[oa]|concluíd[oa]|implantad[oa]|passou",
    r"riuscit[oa]|completat[oa]|geslaagd|voltooid",
)
NEWS = (
    r"gestartet|wurde begonnen|wird (?:ausgeführt|gestartet|gebaut|bereitgestellt|synchronisiert)|läuft|ausstehend|wartet auf|genehmigung|bestätigt(?: von)?",
    r"zugewiesen|abgebrochen|übersprungen|in bearbeitung|stummgeschaltet|in warteschlange",
    r"démarrée?|a (?:été )?(?:démarré|lancé)e?|lancée?|en cours d[e'’] \S{1,30}|en attente|approbation|acquittée?|prise? en (?:compte|charge)|assignée?|attribuée?|annulée?",
    r"iniciad[oa]|ha (?:comenzado|iniciado)|comenzó|inició|en (?:curso|progreso|espera|ejecución)|pendiente|aprobación|reconocid[oa]|asignad[oa]|cancelad[oa]|omitid[oa]|silenciad[oa]",
    r"começou|iniciou|em (?:andamento|progresso|execução|espera)|aguardando|pendente|aprovação|reconhecid[oa]|atribuíd[oa]",
    r"avviat[oa]|in corso|in attesa|annullat[oa]|gestart|bezig|geannuleerd",
)
# without word boundaries; what negates a word comes before it
FAILURE_CJK = (
    r"失敗|エラー|障害|異常(?!なし)|ダウン|クラッシュ|タイムアウト|不安定|未解決|未完了|未復旧|利用不可|発報|(?:成功|完了|復旧|回復|解決|解消)(?:し(?:ません|ていません|なかった)|できません|できなかった)|"
    r"失败|错误|故障|异常|未(?:成功|恢复|解决)|실패|오류|장애"
)
OVER_CJK = r"復旧|回復|解消|解決|正常に戻|已?恢复|已解决|복구|해결"
GOOD_CJK = r"成功|完了|正常終了|合格|デプロイ済|完成|성공|완료"
NEWS_CJK = r"開始|実行中|待機|待ち|保留|承認|確認済|割り当て|キャンセル|中止|スキップ|進行中|予定|开始|进行中|等待|取消|批准|시작|진행|대기|취소|승인"

STATUS_NAMES = (
    "statut", "état", "estado", "situação", "stato", "ergebnis", "zustand", "résultat", "resultado", "risultato",
    "ステータス", "状態", "結果", "状态", "结果", "상태", "결과", "job-status", "build-status", "état du job", "estado del trabajo",
    "estado do job", "ジョブの状態", "synchronisierungsstatus", "gesundheitsstatus",
)  # fmt: skip
LABELS: dict[str, tuple[str, ...]] = {
    "repo": ("repositorium", "dépôt", "depot", "repositorio", "repositório", "リポジトリ", "仓库", "저장소"),
    "branch": ("zweig", "branche", "rama", "ramo", "ramificação", "ブランチ", "分支", "브랜치"),
    "commit": ("validation", "confirmación", "コミット", "提交", "커밋"),
    "workflow": ("arbeitsablauf", "flux de travail", "flujo de trabajo", "fluxo de trabalho", "ワークフロー", "パイプライン", "流水线"),
    "job": ("auftrag", "aufgabe", "tâche", "trabajo", "tarea", "tarefa", "trabalho", "ジョブ", "作业"),
    "environment": ("umgebung", "environnement", "entorno", "ambiente", "環境", "环境", "환경"),
    "app": ("anwendung", "aplicación", "aplicação", "アプリケーション", "アプリ", "应用"),
    "namespace": ("namensraum", "namensbereich", "espace de noms", "espacio de nombres", "名前空間", "ネームスペース", "命名空间"),
    "pod": ("ポッド",),
    "container": ("conteneur", "contenedor", "contêiner", "コンテナ", "コンテナー"),
    "cluster": ("grappe", "clúster", "クラスタ", "クラスター", "集群"),
    "node": ("knoten", "nœud", "noeud", "nodo", "nó", "servidor", "serveur", "rechner", "ノード", "ホスト", "サーバー", "节点"),
    "service": ("dienst", "servicio", "serviço", "サービス", "服务"),
    "alertname": ("alarm", "alarmname", "warnung", "alerte", "nom de l'alerte", "alerta", "アラート", "アラート名"),
    "severity": ("schweregrad", "dringlichkeit", "priorität", "gravité", "sévérité", "priorité", "gravedad", "severidad", "prioridad", "severidade", "gravidade", "prioridade", "重大度", "深刻度", "優先度"),
    "project": ("projekt", "projet", "proyecto", "projeto", "プロジェクト"),
}  # fmt: skip
NOISE = (
    "autor", "auteur", "作成者", "nachricht", "commit-nachricht", "message de commit", "mensaje", "mensaje de commit", "mensagem",
    "mensagem de commit", "メッセージ", "コミットメッセージ", "beschreibung", "description", "descripción", "descrição", "説明",
    "zusammenfassung", "résumé", "resumen", "resumo", "概要", "dauer", "durée", "duración", "duração", "所要時間", "ausgelöst von",
    "gestartet von", "déclenché par", "lancé par", "activado por", "iniciado por", "acionado por", "実行者", "トリガー",
    "ereignis", "événement", "evento", "イベント", "benutzer", "utilisateur", "usuario", "usuário", "ユーザー", "grund", "raison",
    "razón", "motivo", "理由", "fehler", "erreur", "error", "erro", "エラー", "änderungen", "modifications", "cambios", "alterações",
    "変更", "zeit", "heure", "hora", "時刻", "日時", "zugewiesen an", "assigné à", "asignado a", "atribuído a", "担当者",
)  # fmt: skip
