// The emoji that alerts and this bot use most; an unknown name is shown as it was written.
export const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌",
  warning: "⚠️", rotating_light: "🚨", fire: "🔥", boom: "💥", bug: "🐛", hammer: "🔨", wrench: "🔧", gear: "⚙️",
  hammer_and_wrench: "🛠️", rocket: "🚀", tada: "🎉", eyes: "👀", mag: "🔍", mag_right: "🔎", memo: "📝", bulb: "💡",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", clock1: "🕐", calendar: "📅", bell: "🔔", no_bell: "🔕",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵",
  white_circle: "⚪", black_circle: "⚫", large_red_square: "🟥", large_green_square: "🟩", arrow_up: "⬆️", arrow_down: "⬇️",
  arrow_right: "➡️", arrow_left: "⬅️", repeat: "🔁", arrows_counterclockwise: "🔄", link: "🔗", lock: "🔒", key: "🔑",
  no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", construction: "🚧", package: "📦", floppy_disk: "💾",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bar_chart: "📊", robot_face: "🤖", wave: "👋",
  pray: "🙏", raised_hands: "🙌", thinking_face: "🤔", smile: "😄", sob: "😭", skull: "💀", ghost: "👻",
  information_source: "ℹ️", question: "❓", exclamation: "❗", bangbang: "‼️", small_red_triangle: "🔺", sparkles: "✨",
  zap: "⚡", cloud: "☁️", whale: "🐳", ambulance: "🚑", stethoscope: "🩺", pill: "💊", adhesive_bandage: "🩹",
  heavy_plus_sign: "➕", heavy_minus_sign: "➖", shrug: "🤷", speech_balloon: "💬", books: "📚", scroll: "📜",
  arrow_heading_up: "⤴️", arrow_heading_down: "⤵️", arrow_upper_right: "↗️", rewind: "⏪", label: "🏷️", busts_in_silhouette: "👥",
  bust_in_silhouette: "👤", pushpin: "📌", clipboard: "📋", globe_with_meridians: "🌐", satellite: "🛰️", minidisc: "💽",
  back: "🔙", new: "🆕", ok: "🆗", sos: "🆘", snail: "🐌", recycle: "♻️", broken_heart: "💔", heart: "❤️",
};
