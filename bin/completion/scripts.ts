/** The shells that can complete commands. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const FIND_PROGRAM = `_after_party_program() {
  local folder=$PWD
  while [[ -n $folder ]]; do
    if [[ -x $folder/node_modules/.bin/after-party ]]; then
      echo "$folder/node_modules/.bin/after-party"
      return
    fi
    folder=\${folder%/*}
  done`;

const bash = `# Completion of after-party in bash. Keep it in a file, and have ~/.bashrc read that:
#   npx after-party completion bash > ~/.after-party.bash
#   echo 'source ~/.after-party.bash' >> ~/.bashrc

${FIND_PROGRAM}
  type -P after-party
}

_after_party() {
  local program word i first=1 words=()
  COMPREPLY=()
  if [[ \${COMP_WORDS[0]} == npx ]]; then
    [[ $COMP_CWORD -gt 1 && \${COMP_WORDS[1]} == after-party ]] || return
    first=2
  fi
  program=$(_after_party_program) || return
  # Bash takes --flag=value for three words.
  for ((i = first; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i > first)) && [[ ($word == = || \${COMP_WORDS[i - 1]} == =) && \${words[\${#words[@]} - 1]} == --* ]]; then
      words[\${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
  done
  while IFS=$'\\t' read -r word _; do
    [[ \${words[\${#words[@]} - 1]} == --*=* ]] && word=\${word#*=}
    COMPREPLY+=("$word")
  done < <("$program" __complete -- "\${words[@]}" 2> /dev/null)
}

complete -o default -F _after_party after-party
complete -p npx > /dev/null 2>&1 || complete -o default -F _after_party npx
`;

const zsh = `#compdef after-party
# Completion of after-party in zsh. Keep it in a file, and have ~/.zshrc read that after compinit:
#   npx after-party completion zsh > ~/.after-party.zsh
#   echo 'source ~/.after-party.zsh' >> ~/.zshrc

${FIND_PROGRAM}
  whence -p after-party
}

_after_party() {
  local program line
  local -a typed found
  typed=("\${(@)words[2,CURRENT]}")
  if [[ $words[1] == npx ]]; then
    if [[ $CURRENT -lt 3 || $words[2] != after-party ]]; then
      _default
      return
    fi
    shift typed
  fi
  program=$(_after_party_program) || return 1
  for line in "\${(@f)$("$program" __complete -- "\${(@)typed}" 2> /dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe after-party found; else _default; fi
}

compdef _after_party after-party
(( $+_comps[npx] )) || compdef _after_party npx
`;

const fish = `# Completion of after-party in fish:
#   npx after-party completion fish > ~/.config/fish/conf.d/after-party.fish

function __after_party_program
    set -l folder $PWD
    while test -n "$folder"
        if test -x "$folder/node_modules/.bin/after-party"
            echo "$folder/node_modules/.bin/after-party"
            return
        end
        set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
    command -s after-party
end

function __after_party_candidates
    set -l program (__after_party_program)
    or return
    set -l typed (commandline -opc)
    test "$typed[1]" = npx
    and set -e typed[1]
    set -e typed[1]
    $program __complete -- $typed "$(commandline -ct)" 2> /dev/null
end

complete -c after-party -f -a '(__after_party_candidates)'
complete -c npx -n 'test "$(commandline -opc)[2]" = after-party' -f -a '(__after_party_candidates)'
`;

/** The script that makes a shell complete the commands, the flags and the names of the tasks. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
