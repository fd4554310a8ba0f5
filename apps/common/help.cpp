#include "help.hpp"

#include <cmath>
#include <sstream>

namespace danaus::app {
namespace {

constexpr size_t line_width = 100, option_column = 28;

/// The text broken at blanks; lines after the first are indented.
std::string wrapped(const std::string& text, size_t indent) {
  std::istringstream words(text);
  std::string result, word;
  size_t column = indent;
  while (words >> word) {
    if (column > indent && column + 1 + word.size() > line_width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

std::string value_name(const Option& o) {
  if (o.type == OptionType::toggle) return "[true|false]";
  if (o.type == OptionType::path) return "PATH";
  if (o.type == OptionType::integer) return "N";
  if (o.type == OptionType::real) return "X";
  return o.type == OptionType::choice ? "NAME" : "TEXT";
}

std::string description(const Option& o) {
  std::string text = o.help;
  if (!o.unit.empty()) text += " [" + o.unit + "]";
  if (o.type != OptionType::text && o.type != OptionType::path && o.type != OptionType::toggle)
    text += "; " + describe_expected(o);
  if (!o.fallback_note.empty()) return text + " (default: " + o.fallback_note + ")";
  if (!o.fallback.empty()) return text + " (default: " + o.fallback + ")";
  return o.is_required ? text + " (required)" : text;
}

std::string usage(const Program& program, const Verb& verb) {
  std::string text = program.name + " " + verb.name;
  for (const auto& o : verb.options)
    if (o.is_required) text += " --" + o.name + " " + value_name(o);
  text += " [options]";
  return verb.operands.empty() ? text : text + " " + verb.operands;
}

/// In man pages a leading dot and every backslash would be commands, and a hyphen not a minus.
std::string man_escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
  }
  return result;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

std::string help_text(const Program& program) {
  std::string text =
      program.name + ": " + program.summary + "\n\nusage: " + program.name + " VERB [options]\n\n";
  for (const auto& verb : program.verbs) {
    std::string line = "  " + verb.name;
    line.resize(std::max<size_t>(line.size() + 2, 14), ' ');
    text += line + wrapped(verb.summary, 14) + "\n";
  }
  text += "\n" + program.name + " VERB --help lists a verb's options, --help --json as JSON; " +
          program.name +
          " --version [--json] says what it was built from; --completion prints a bash completion, --man "
          "a manual page.\n";
  return program.notes.empty() ? text : text + "\n" + program.notes;
}

std::string help_text(const Program& program, const Verb& verb) {
  std::string text = verb.summary + "\n\nusage: " + usage(program, verb) + "\n\n";
  for (const auto& option : verb.options) {
    std::string line = "  --" + option.name + " " + value_name(option);
    if (line.size() + 2 > option_column)
      line += "\n" + std::string(option_column, ' ');
    else
      line.resize(option_column, ' ');
    text += line + wrapped(description(option), option_column) + "\n";
  }
  if (!verb.examples.empty()) text += "\nexamples:\n";
  for (const auto& example : verb.examples) text += "  " + example + "\n";
  return text;
}

Json help_json(const Program& program, const Verb& verb) {
  Json options = Json::array();
  for (const auto& o : verb.options) {
    Json entry = {{"name", o.name}, {"type", name_of(o.type)}, {"description", o.help}};
    if (o.fallback.empty()) {
      entry["default"] = nullptr;
    } else if (o.type == OptionType::toggle) {
      entry["default"] = o.fallback == "true";
    } else if (o.type == OptionType::integer || o.type == OptionType::real) {
      entry["default"] = Json::parse(o.fallback);
    } else {
      entry["default"] = o.fallback;
    }
    if (!o.fallback_note.empty()) entry["default_note"] = o.fallback_note;
    if (std::isfinite(o.minimum)) entry["minimum"] = o.minimum;
    if (o.exclusive_minimum) entry["exclusive_minimum"] = true;
    if (std::isfinite(o.maximum)) entry["maximum"] = o.maximum;
    if (o.type == OptionType::choice) entry["choices"] = o.choices;
    entry["range"] = describe_expected(o);
    if (!o.unit.empty()) entry["unit"] = o.unit;
    entry["required"] = o.is_required;
    options.push_back(std::move(entry));
  }
  Json json = {{"program", program.name}, {"verb", verb.name}, {"summary", verb.summary}};
  json["usage"] = usage(program, verb);
  if (!verb.operands.empty()) json["operands"] = verb.operands;
  json["options"] = std::move(options);
  return json;
}

Json help_json(const Program& program) {
  Json verbs = Json::array();
  for (const auto& verb : program.verbs) {
    Json entry = help_json(program, verb);
    entry.erase("program");
    verbs.push_back(std::move(entry));
  }
  return {{"program", program.name}, {"summary", program.summary}, {"verbs", std::move(verbs)}};
}

std::string bash_completion(const Program& program) {
  std::string function = "_" + program.name;
  for (char& c : function)
    if (c == '-') c = '_';
  std::vector<std::string> verbs;
  for (const auto& verb : program.verbs) verbs.push_back(verb.name);
  std::string text =
      function + "() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n";
  text += "  if (( COMP_CWORD == 1 )); then\n    COMPREPLY=($(compgen -W \"" + joined(verbs) +
          " --help --version\" -- \"$word\"))\n    return\n  fi\n";
  text += "  case ${COMP_WORDS[1]}:$before in\n";
  for (const auto& verb : program.verbs)
    for (const auto& o : verb.options) {
      std::string words = o.type == OptionType::choice ? joined(o.choices) : "true false";
      if (o.type == OptionType::choice)
        text += "    " + verb.name + ":--" + o.name + ") COMPREPLY=($(compgen -W \"" + words +
                "\" -- \"$word\")); return ;;\n";
      else if (o.type == OptionType::path)
        text += "    " + verb.name + ":--" + o.name + ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n";
    }
  text += "  esac\n  case ${COMP_WORDS[1]} in\n";
  for (const auto& verb : program.verbs) {
    std::vector<std::string> names;
    for (const auto& o : verb.options) names.push_back("--" + o.name);
    text += "    " + verb.name + ") COMPREPLY=($(compgen -W \"" + joined(names) + "\" -- \"$word\")";
    text += verb.operands.empty() ? ") ;;\n" : " $(compgen -f -- \"$word\")) ;;\n";
  }
  return text + "  esac\n}\ncomplete -o filenames -F " + function + " " + program.name + "\n";
}

std::string manual_page(const Program& program, const std::string& version) {
  std::string text = ".TH " + program.name + " 1 \"\" \"Danaus " + version + "\"\n.SH NAME\n" +
                     man_escaped(program.name) + " \\- " + man_escaped(program.summary) +
                     "\n.SH SYNOPSIS\n.B " + man_escaped(program.name) + "\n.I VERB\n[options]\n";
  for (const auto& verb : program.verbs) {
    text += ".SH " + verb.name + "\n" + man_escaped(verb.summary) + ".\n.PP\n" +
            man_escaped(usage(program, verb)) + "\n";
    for (const auto& o : verb.options)
      text += ".TP\n\\fB\\-\\-" + man_escaped(o.name) + "\\fR " + man_escaped(value_name(o)) + "\n" +
              man_escaped(description(o)) + "\n";
    for (const auto& example : verb.examples) text += ".PP\n.nf\n" + man_escaped(example) + "\n.fi\n";
  }
  text +=
      ".SH EXIT STATUS\n0 done and verified; 64 usage; 65 bad data; 66 missing input; 70 internal; 74 input "
      "or "
      "output; 75 stopped, resumable; 76 diverged.\n";
  return text;
}

}  // namespace danaus::app
