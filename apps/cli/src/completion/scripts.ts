export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * The script that a shell loads. It is small on purpose: it hands the words to `ebb __complete`, where all shells share one logic, and
 * shows the answer: lines of `WORD<tab>SUMMARY`, of which the last may be `:folder` or `:file` for the shell's own completion.
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

const BASH = `# bash completion for ebb. Load it with:  source <(ebb completion bash)
_ebb() {
  local line words cur=\${COMP_WORDS[COMP_CWORD]}
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :folder) compopt -o filenames 2>/dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur") ;;
      :file) compopt -o filenames 2>/dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
      ?*) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _ebb ebb ./ebb
`;

const ZSH = `#compdef ebb
# zsh completion for ebb. Load it with:  source <(ebb completion zsh)
_ebb() {
  local line word ret=1
  local -a plain described
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :folder) _files -/ && ret=0 ;;
      :file) _files && ret=0 ;;
      ?*)
        word=\${line%%$'\\t'*}
        plain+=("$word")
        described+=("\${word//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( \${#plain} )) && _describe 'ebb' described plain && ret=0
  return ret
}
compdef _ebb ebb
`;

const FISH = `# fish completion for ebb. Load it with:  ebb completion fish | source
function __ebb_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (command $words[1] __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case :folder
                __fish_complete_directories (commandline -ct)
            case :file
                __fish_complete_path (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c ebb -f -a '(__ebb_complete)'
`;

const SCRIPTS: Record<Shell, string> = { bash: BASH, zsh: ZSH, fish: FISH };
