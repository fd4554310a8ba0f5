#include "options.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/io/config.hpp>

#include <charconv>
#include <stdexcept>

namespace danaus::app {
namespace {

[[noreturn]] void fail_unknown(const std::string& where, const std::string& name, const Verb& verb) {
  throw UsageError(where + ": unknown option; did you mean --" + nearest_name(name, verb.option_names()) +
                   "? (" + verb.name + " --help lists all)");
}

}  // namespace

std::string to_text(double x) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, x).ptr;
  return std::string(text, end);
}

Options::Options(const Verb& verb) : verb_(&verb) {
  for (const auto& option : verb.options) values_[option.name].text = option.fallback;
}

Options Options::parse(const Verb& verb, const std::vector<std::string>& arguments) {
  Options options(verb);
  options.read_arguments(arguments);
  if (verb.find("config") && options.has("config")) options.read_config(options.text("config"));
  options.require_complete();
  return options;
}

void Options::read_arguments(const std::vector<std::string>& arguments) {
  bool only_operands = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (only_operands || !argument.starts_with('-') || argument == "-") {
      if (verb_->operands.empty())
        throw UsageError("\"" + argument + "\": expected an option, which begins with --");
      operands_.push_back(argument);
      continue;
    }
    if (argument == "--") {
      only_operands = true;
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string typed = argument.substr(0, equals);
    const std::string name = typed.starts_with("--") ? typed.substr(2) : typed.substr(1);
    const Option* option = typed.starts_with("--") ? verb_->find(name) : nullptr;
    if (!option) fail_unknown(typed, name, *verb_);

    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (option->type == OptionType::toggle) {
      // A file may follow a bare toggle where files are expected; elsewhere what follows is its value.
      const bool follows = i + 1 < arguments.size() && !arguments[i + 1].starts_with('-');
      const bool given =
          follows && (verb_->operands.empty() || arguments[i + 1] == "true" || arguments[i + 1] == "false");
      value = given ? arguments[++i] : "true";
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      value = arguments[++i];
    } else {
      throw UsageError(typed + ": expected " + describe_expected(*option) + ", found nothing");
    }
    check_value(*option, value, typed);
    values_[name] = {value, Source::command_line};
  }
}

void Options::read_config(const std::string& path) {
  const io::Config config = io::Config::read(path);
  for (const auto& entry : config.entries()) {
    const std::string where = config.origin(entry.key) + ": " + entry.key;
    const Option* option = verb_->find(entry.key);
    if (!option || entry.key == "config") fail_unknown(where, entry.key, *verb_);
    check_value(*option, entry.value, where);
    auto& value = values_[entry.key];
    if (value.source != Source::command_line) value = {entry.value, Source::file};
  }
}

void Options::require_complete() const {
  for (const auto& option : verb_->options)
    if (option.is_required && !has(option.name))
      throw UsageError("--" + option.name + ": missing; expected " + describe_expected(option) + " (" +
                       option.help + ")");
}

const Options::Value& Options::value(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw std::logic_error(verb_->name + " has no option --" + name);
  return found->second;
}

bool Options::is_given(const std::string& name) const { return value(name).source != Source::fallback; }

const std::string& Options::text(const std::string& name) const { return value(name).text; }

std::int64_t Options::integer(const std::string& name) const {
  const std::string& typed = text(name);
  if (typed.empty()) throw std::logic_error("--" + name + " has no value");
  return std::stoll(typed);
}

double Options::real(const std::string& name) const {
  const std::string& typed = text(name);
  if (typed.empty()) throw std::logic_error("--" + name + " has no value");
  double x = 0;
  std::from_chars(typed.data() + typed.starts_with('+'), typed.data() + typed.size(), x);
  return x;
}

std::vector<std::string> Options::list(const std::string& name) const {
  const std::string& all = text(name);
  std::vector<std::string> entries;
  for (size_t begin = 0; begin < all.size();) {
    const size_t comma = std::min(all.find(',', begin), all.size());
    if (comma > begin) entries.push_back(all.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return entries;
}

void Options::resolve(const std::string& name, const std::string& value) {
  const Option* option = verb_->find(name);
  if (!option) throw std::logic_error(verb_->name + " has no option --" + name);
  check_value(*option, value, "--" + name);
  values_[name].text = value;
}

std::string Options::to_ini() const {
  io::Config config;
  for (const auto& option : verb_->options)
    if (option.in_config && has(option.name)) config.set(option.name, text(option.name), option.help);
  return config.to_string();
}

std::map<std::string, std::string> Options::to_map() const {
  std::map<std::string, std::string> map;
  for (const auto& option : verb_->options)
    if (option.in_config && has(option.name)) map[option.name] = text(option.name);
  return map;
}

}  // namespace danaus::app
