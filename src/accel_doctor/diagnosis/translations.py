"""Translate two messages, of the C library and of bash, from other languages back to English.

Most lines that name a missing file or command, in any language, end in one of the two: compilers, linkers, make and
shells print them after the name. The texts are those of glibc 2.41 (``ENOENT``) and bash 5.2 (``command not found``).
"""

from __future__ import annotations

import re

_NO_SUCH_FILE = (
    "Adresár alebo súbor neexistuje",
    "Adresář nebo soubor neexistuje",
    "Arquivo ou diretório inexistente",
    "Aucun fichier ou dossier de ce nom",
    "Aucun fichier ou dossier de ce type",
    "Bestand of map bestaat niet",
    "Böyle bir dosya ya da dizin yok",
    "Datei oder Verzeichnis nicht gefunden",
    "Datoteka ali imenik s tem imenom ne obstaja",
    "Dosiero aŭ dosierujo ne ekzistas",
    "El fitxer o directori no existeix",
    "Ficheiro ou pasta inexistente",
    "File o directory non esistente",
    "Filen eller katalogen finns inte",
    "Ingen slik fil eller filkatalog",
    "Ingen sådan fil eller filkatalog",
    "Không có tập tin hoặc thư mục như vậy",
    "Necun tal file o directorio",
    "Nema takve datoteke ili direktorija",
    "Nie ma takiego pliku ani katalogu",
    "Nincs ilyen fájl vagy könyvtár",
    "No existe el archivo o el directorio",
    "No existe el fichero o el directorio",
    "Non hai tal ficheiro ou directorio",
    "Nu există un astfel de fișier sau director",
    "Tidak ada berkas atau direktori seperti itu",
    "Tiedostoa tai hakemistoa ei ole",
    "Toks failas ar aplankas neegzistuoja",
    "Δεν υπάρχει τέτοιο αρχείο ή κατάλογος",
    "Нема такве датотеке или директоријума",
    "Немає такого файла або каталогу",
    "Нет такого файла или каталога",
    "Няма такога файла ці каталога",
    "Няма такъв файл или директория",
    "ფაილი ან საქაღალდე არ არსებობს",
    "そのようなファイルやディレクトリはありません",
    "沒有此一檔案或目錄",
    "没有那个文件或目录",
    "그런 파일이나 디렉터리가 없습니다",
)
_COMMAND_NOT_FOUND = (
    "Komando ne trovita",
    "Kommando nicht gefunden.",
    "bevel nie gevind nie",
    "comando non trovato",
    "comando não encontrado",
    "comandă negăsită",
    "commande introuvable",
    "không tìm thấy lệnh",
    "komanda nerasta",
    "komentoa ei löydy",
    "kommando ikke fundet",
    "kommandot finns inte",
    "komut yok",
    "naredba nije pronađena",
    "nie znaleziono polecenia",
    "no s'ha trobat l'ordre",
    "non se atopou a orde",
    "opdracht niet gevonden",
    "orden no encontrada",
    "parancs nem található",
    "perintah tidak ditemukan",
    "príkaz nenájdený",
    "příkaz nenalezen",
    "ukaza ni mogoče najti",
    "εντολή δεν βρέθηκε",
    "команда не найдена",
    "командата не е открита",
    "команду не знайдено",
    "нема такве наредбе",
    "コマンドが見つかりません",
    "指令找不到",
    "未找到命令",
    "명령어를 찾을 수 없음",
)
TRANSLATIONS = (*_NO_SUCH_FILE, *_COMMAND_NOT_FOUND)

_ENGLISH = {
    **dict.fromkeys(_NO_SUCH_FILE, "No such file or directory"),
    **dict.fromkeys(_COMMAND_NOT_FOUND, "command not found"),
}
_ENDINGS = frozenset(text[-4:] for text in TRANSLATIONS)
_QUOTED = re.compile(r"[«»„“”「] ?([^\s«»„“”「」]+) ?[«»“”」]")
_SHELL_LINE = re.compile(r"^(\S*sh: )\S+ (\d+: )")


def in_english(line: str) -> str:
    """Return the line with a translated message at its end in English, with English quotes and colons."""
    if line[-4:] not in _ENDINGS:
        return line
    translation = next((text for text in TRANSLATIONS if line.endswith(text)), None)
    if translation is None:
        return line
    said = line[: -len(translation)].rstrip(" :\uff1a").replace("\uff1a", ": ")
    said = _SHELL_LINE.sub(r"\1line \2", _QUOTED.sub(r"'\1'", said))
    return f"{said}: {_ENGLISH[translation]}"
