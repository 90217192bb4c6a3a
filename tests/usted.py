"""Finding Spanish that says *usted*: pages say *tú* to everybody."""

from __future__ import annotations

import re

_IMPERATIVES = (
    "introduzca|ingrese|introdúzcal[oa]s?|escriba|asegúrese|compruebe|verifique|corrija|escoja|"
    "seleccione|elija|haga clic|póngase|contáctenos|inicie|regístrese|inténtelo|intente|utilice|"
    "solicite|elimínel[oa]s?|pulse|espere|marque|guarde|recargue|confirme|reautentíquese"
)
_OTHER = (
    "usted(es)?|le (hemos|enviaremos|pedimos|permitirá|preocupa)|olvidó|desea|debería añadir|"
    "su (contraseña|correo|dirección|navegador|usuario|código|carpeta|email)|(?<!por )su cuenta|"
    "(?<!se )(?<!persona )ha (olvidado|iniciado|cerrado|confirmado|creado|solicitado|configurado|"
    "indicado)|puede (ignorar|registrarse)|no puede (eliminar|añadir)|si no (reconoce|recibe)"
)
USTED = re.compile(rf"\b({_IMPERATIVES}|{_OTHER})\b", re.IGNORECASE)


def usted_in(text: str) -> list[str]:
    """The forms of *usted* in a Spanish text."""
    return [found[0] for found in USTED.finditer(text)]
